/** Goal: a line is one of the table, with the fields of its row, and says nothing of a person. */
import { describe, expect, it } from '@jest/globals';
import { openLog } from '../../../src/adapters/nest/log.js';
import { type LogEventRow, logEvents } from '../../../src/adapters/nest/log-events.js';

const rows = Object.entries<LogEventRow>(logEvents);
const OF_A_PERSON = ['accountId', 'deviceId'];
const OF_A_CONVERSATION = ['conversationId'];

function written(write: (log: ReturnType<typeof openLog>) => void, level = 'debug'): Record<string, unknown>[] {
  const lines: string[] = [];
  write(openLog(level, { write: (line) => void lines.push(line) }));
  return lines.map((line) => JSON.parse(line));
}

describe('the log', () => {
  it('writes the event, its level and its listed fields', () => {
    const [line] = written((log) => log.error('process-failed', { name: 'projector', error: new Error('A text of somebody.') }));
    expect(line).toMatchObject({ event: 'process-failed', level: 'error', name: 'projector', error: { name: 'Error' } });
    expect(JSON.stringify(line)).not.toContain('somebody');
  });

  it('does not write a field that the row does not list', () => {
    const fields = { url: 'http://127.0.0.1:1', code: '123456', content: 'A text of somebody.' };
    const [line] = written((log) => log.info('started', fields as never));
    expect(line).toEqual({ event: 'started', level: 'info', time: expect.any(String), url: fields.url });
  });

  it('does not write what lies below the chosen level', () => {
    expect(written((log) => log.info('started', {}), 'warn')).toEqual([]);
  });

  it('takes no name, level or field that the table does not have: each line here must be an error of the compiler', () => {
    const lines = written((log) => {
      // @ts-expect-error the table has no such name
      log.info('x');
      // @ts-expect-error the table has this name at another level
      log.info('stop-failed', {});
      // @ts-expect-error the row of this name does not list the field
      log.info('started', { code: '123456' });
    });
    expect(JSON.stringify(lines)).not.toContain('123456');
  });
});

describe('the table of log events', () => {
  it('has names in kebab case, and says of each what it means and what to do', () => {
    expect(rows.filter(([name]) => !/^[a-z]+(?:-[a-z]+)*$/.test(name))).toEqual([]);
    expect(rows.filter(([, { means, toDo }]) => !/\.$/.test(means) || !/\.$/.test(toDo))).toEqual([]);
  });

  it('lets no line join a person with a conversation', () => {
    const both = ({ fields }: LogEventRow) =>
      fields.some((field) => OF_A_PERSON.includes(field)) && fields.some((field) => OF_A_CONVERSATION.includes(field));
    expect(rows.filter(([, row]) => both(row))).toEqual([]);
    expect(both({ ...logEvents.started, fields: ['accountId', 'conversationId'] })).toBe(true);
  });

  it('lets the development code sender alone write a code', () => {
    expect(rows.filter(([, { fields }]) => fields.includes('code')).map(([name]) => name)).toEqual(['code-sent']);
  });
});
