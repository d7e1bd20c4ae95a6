/**
 * Goal: the control channel answers what its table names and nothing else, to whoever may open the folder and nobody else.
 * Method: a server and raw sockets in a temporary folder, on a clock of the test's own.
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { askServer, NotRunning } from '../../../src/adapters/control/control-client.js';
import { CONTROL_FILE, ControlRefused, controlLimits, controlPath } from '../../../src/adapters/control/control-commands.js';
import { type ControlHandlers, ControlServer, type Turn } from '../../../src/adapters/control/control-server.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const STATUS = { version: '0.0.0', isReady: true, store: 'up', views: 'up-to-date', isStopping: false } as const;

describe('the control channel', () => {
  let folder: string;
  let path: string;
  let clock: TestClock;
  let server: ControlServer;
  let failures: string[];
  let handler: ControlHandlers['server-status'];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sottovoce-control-'));
    path = join(folder, CONTROL_FILE);
    clock = new TestClock();
    failures = [];
    handler = async () => STATUS;
    const handlers: ControlHandlers = {
      'server-status': (input, turn) => handler(input, turn),
      'projections-rebuild': () => Promise.reject(new ControlRefused('not-ready')),
    };
    server = new ControlServer({ path, handlers, clock, failed: (command) => void failures.push(command) });
    await server.listen();
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Everything that a socket is told, once the server has let go of it. */
  const told = (socket: Socket): Promise<string> =>
    new Promise((resolve) => {
      let text = '';
      socket.on('data', (piece) => {
        text += piece;
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
    });
  const saying = (bytes: string | Buffer): Promise<string> => {
    const socket = createConnection(path);
    socket.write(bytes);
    return told(socket);
  };

  it('answers a command, and says meanwhile how far it is', async () => {
    handler = async (_, { report }) => {
      report({ phase: 'building', done: 1, of: 2 });
      return STATUS;
    };
    const reported: unknown[] = [];
    const answer = await askServer(folder, 'server-status', {}, { report: (progress) => void reported.push(progress) });
    expect(answer).toEqual(STATUS);
    expect(reported).toEqual([{ phase: 'building', done: 1, of: 2 }]);
  });

  it('is a file that its owner alone may open, and that goes with the server', async () => {
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await server.close();
    await expect(stat(path)).rejects.toThrow('ENOENT');
    await expect(askServer(folder, 'server-status', {})).rejects.toBeInstanceOf(NotRunning);
  });

  it('takes the place of the file that a killed process left', async () => {
    await server.close();
    await writeFile(path, 'left over');
    await server.listen();
    expect(await askServer(folder, 'server-status', {})).toEqual(STATUS);
  });

  it.each([
    ['no JSON', 'hello\n'],
    ['no object', '7\n'],
    ['nothing', 'null\n'],
    ['an unknown command', '{"command":"drop-everything"}\n'],
    ['a member of every object', '{"command":"constructor"}\n'],
    ['a field too many', '{"command":"server-status","more":1}\n'],
  ])('refuses %s', async (_, line) => {
    expect(JSON.parse(await saying(line))).toMatchObject({ kind: 'refused', code: 'invalid-request' });
  });

  it('refuses a request that does not end within its bound', async () => {
    expect(JSON.parse(await saying(Buffer.alloc(controlLimits.requestBytesMax + 1, 'x')))).toMatchObject({ code: 'too-large' });
  });

  it('lets go of whoever says nothing in time', async () => {
    const silent = told(createConnection(path));
    await until('the server waits for a request', () => clock.waiting > 0);
    clock.advance(controlLimits.requestWithinMs);
    expect(await silent).toBe('');
  });

  it('refuses one connection more than it takes', async () => {
    const turns: Turn[] = [];
    handler = (_, turn) => new Promise(() => turns.push(turn));
    const asked = Array.from({ length: controlLimits.connectionsMax }, () => saying('{"command":"server-status"}\n'));
    await until('all of them are under way', () => turns.length === controlLimits.connectionsMax);
    await expect(askServer(folder, 'server-status', {})).rejects.toMatchObject({ code: 'too-many' });
    await server.close();
    expect(turns.every(({ signal }) => signal.aborted)).toBe(true);
    await Promise.all(asked);
    await server.listen();
  });

  it('gives up what was asked for by whoever has gone', async () => {
    let signal: AbortSignal | undefined;
    handler = (_, turn) => {
      signal = turn.signal;
      return new Promise(() => undefined);
    };
    const leaving = new AbortController();
    const asked = askServer(folder, 'server-status', {}, { signal: leaving.signal });
    await until('the command is under way', () => signal !== undefined);
    leaving.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    await until('the command is given up', () => signal?.aborted === true);
  });

  it('tells a refusal from a failure, of which it says nothing but that it happened', async () => {
    handler = async () => {
      throw new ControlRefused('busy');
    };
    await expect(askServer(folder, 'server-status', {})).rejects.toMatchObject({ code: 'busy' });
    expect(failures).toEqual([]);
    handler = async () => {
      throw new Error('the name of somebody');
    };
    await expect(askServer(folder, 'server-status', {})).rejects.toMatchObject({
      code: 'failed',
      message: expect.not.stringContaining('somebody'),
    });
    expect(failures).toEqual(['server-status']);
  });

  it('goes by the shorter of two paths, and is not there when both are too long', () => {
    const long = `/${'x'.repeat(controlLimits.pathBytesMax)}`;
    expect(controlPath('/data')).toBe('/data/control.sock');
    expect(controlPath(`${long}/data`, long)).toBe('data/control.sock');
    expect(controlPath(long, '/')).toBeUndefined();
  });
});
