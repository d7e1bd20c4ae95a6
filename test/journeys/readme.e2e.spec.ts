/**
 * Goal: the first message of the README is sent and read by whoever pastes its lines. Method: they run in bash as they
 * stand there, against a server of this test.
 */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { textOf } from '../architecture/source-files.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';

const blocks = [...textOf('README.md').matchAll(/^```bash\n([\s\S]*?)^```/gm)].map(([, code = '']) => code);
const firstMessage = blocks.filter((code) => code.includes('curl'));

/** Without the settings of whoever runs the test: no proxy, no file of curl's own. */
function run(code: string, app: AppUnderTest): Promise<{ readonly lines: readonly string[]; readonly errors: string }> {
  const PATH = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
  const env = { PATH, SOTTOVOCE_URL: app.url, SOTTOVOCE_DATA: join(app.folder, 'data') };
  return new Promise((resolve, reject) => {
    execFile('bash', ['--norc', '-euo', 'pipefail', '-c', code], { env, timeout: 25_000 }, (failure, output, errors) => {
      if (failure === null) resolve({ lines: output.trimEnd().split('\n'), errors });
      else reject(new Error(`The lines of the README failed: ${failure.message}\n${output}${errors}`, { cause: failure }));
    });
  });
}

describe('the first message of the README', () => {
  let app: AppUnderTest;
  beforeAll(async () => {
    app = await openApp();
  });
  afterAll(() => app.close());

  it('is one block, for a server as `npm start` gives it', () => {
    expect(firstMessage).toHaveLength(1);
    expect(firstMessage[0]).toContain(`${'$'}{SOTTOVOCE_URL:-http://127.0.0.1:3000}`);
    expect(firstMessage[0]).toContain(`${'$'}{SOTTOVOCE_DATA:-./data}`);
  });

  it('is posted once, acknowledged twice alike, and read by the other; the next time it is the next in the same conversation', async () => {
    const messages = [];
    for (const seq of [3, 4]) {
      const { lines, errors } = await run(firstMessage.join('\n'), app);
      expect(errors).toBe('');
      const [ack, again, read] = lines.map((line) => JSON.parse(line));
      expect(ack).toMatchObject({ seq, revision: seq });
      expect(again).toEqual(ack);
      expect(read).toMatchObject({
        messageId: ack.messageId,
        seq,
        state: 'visible',
        content: { type: 'text', text: 'Hello, softly.' },
      });
      expect(lines).toHaveLength(3);
      messages.push(read);
    }
    expect(messages[1].conversationId).toBe(messages[0].conversationId);
    expect(messages[1].messageId).not.toBe(messages[0].messageId);
  });
});
