/** Goal: the mutator finds what is there to be found. Method: its judges and its shrinker, over failures that are planted. */
import { describe, expect, it } from '@jest/globals';
import { closePayload, op } from '../support/raw-socket.js';
import { Chance } from './chance.js';
import { mutate } from './mutations.js';
import { shrink } from './shrink.js';
import { frameProblem, logProblem } from './verdict.js';

const good = '{"type":"mark-read","id":"00000000-0000-4000-8000-000000000001","data":{"conversationId":"a","seq":1}}';
const text = (value: object) => ({ opcode: op.text, payload: Buffer.from(JSON.stringify(value)) });
const problem = (status: number, code: string, more: object = {}) => text({ type: 'error', problem: { status, code, ...more } });

describe('the mutator', () => {
  it('makes the same frame of the same seed, and others of others', () => {
    const of = (seed: number) => mutate(good, new Chance(seed)).bytes.toString('hex');
    expect(of(7)).toBe(of(7));
    expect(new Set(Array.from({ length: 200 }, (_, seed) => of(seed))).size).toBeGreaterThan(190);
  });

  it('does everything that it can do', () => {
    const told = new Set(Array.from({ length: 3_000 }, (_, seed) => mutate(good, new Chance(seed)).told).flat());
    expect(told.size).toBe(24);
  });
});

describe('the judge', () => {
  it.each([
    ['a defect behind a command', problem(500, 'internal'), true],
    ['a close with 1011', { opcode: op.close, payload: closePayload(1011) }, true],
    ['a trace in a frame', problem(400, 'a', { detail: 'at answer (/srv/gateway.js:12:3)' }), true],
    ['a refusal', problem(400, 'invalid-request'), false],
    ['others that were faster', problem(503, 'contended'), false],
    ['a close with 1002', { opcode: op.close, payload: closePayload(1002) }, false],
    ['a close without a code', { opcode: op.close, payload: Buffer.alloc(0) }, false],
    ['a pong', { opcode: op.pong, payload: Buffer.from('at a.js:1:1') }, false],
  ])('of frames sees %s', (_what, received, isBad) => {
    expect(frameProblem(received) !== undefined).toBe(isBad);
  });

  it.each([
    ['what somebody sent', '{"level":"info","event":"kestrel-1-x"}', true],
    ['an error', '{"level":"error","event":"frame-failed"}', true],
    ['half a line', '{"level":"info",', true],
    ['an escape of a terminal', '{"level":"info","event":"\u001b[31m"}', true],
    ['a line that is fine', '{"level":"info","event":"started"}', false],
    ['a line of welcome', 'Sottovoce is there.', false],
  ])('of the log sees %s', (_what, line, isBad) => {
    expect(logProblem(line, 'kestrel-1-') !== undefined).toBe(isBad);
  });
});

describe('the shrinker', () => {
  it('leaves what makes it fail, and little else', async () => {
    const bytes = new Chance(3).bytes(400);
    bytes[123] = 0xaa;
    bytes[300] = 0xbb;
    const fails = async (some: Buffer) => some.includes(0xaa) && some.includes(0xbb);
    const shrunken = await shrink(bytes, fails);
    expect(await fails(shrunken)).toBe(true);
    expect(shrunken.length).toBeLessThan(10);
  });
});
