/** Goal: what is decided without a connection: when to come back, what is a hole, how far a message has got. */
import { describe, expect, it } from '@jest/globals';
import { afterClose, afterFailure, fullJitter, isPoison, retryAfter } from '../../../src/adapters/cli/backoff.js';
import { lineOf, OwnMessages } from '../../../src/adapters/cli/own-messages.js';
import { Revisions } from '../../../src/adapters/cli/revisions.js';
import { type Fact, Refused, Unreachable } from '../../../src/adapters/cli/wire.js';

const refused = (status: number, fields: object = {}) =>
  new Refused({ status, code: 'code', title: 'Title', retryable: false, ...fields });

describe('full jitter', () => {
  const backoff = { baseMs: 100, capMs: 1_000 };

  it('lies anywhere between nothing and the doubled last span', () => {
    expect([0, 1, 2, 3].map((attempt) => fullJitter(attempt, 0.999_999, backoff))).toEqual([99, 199, 399, 799]);
    expect([0, 1, 2, 3].map((attempt) => fullJitter(attempt, 0, backoff))).toEqual([0, 0, 0, 0]);
  });

  it('never lies above its cap, however often it was tried', () => {
    for (const attempt of [4, 10, 100, 5_000]) expect(fullJitter(attempt, 0.5, backoff)).toBe(500);
  });

  it('comes on top of a span that the server named', () => {
    expect(retryAfter(refused(429, { retryAfterMs: 5_000 }), 9, 0, backoff)).toBe(5_000);
    expect(retryAfter(refused(429, { retryAfterMs: 5_000 }), 9, 0.5, backoff)).toBe(5_050);
    expect(retryAfter(new Unreachable('away'), 2, 0.5, backoff)).toBe(200);
  });
});

describe('a close of the socket', () => {
  it.each([1000, 1001, 1006, 1011, 1012, 4408])('%s brings the client back, later each time', (code) => {
    expect(afterClose(code, '', 0, 0.5)).toEqual({ action: 'reconnect', afterMs: 100, renew: false });
    expect(afterClose(code, '', 2, 0.5)).toEqual({ action: 'reconnect', afterMs: 400, renew: false });
  });

  it('4401 renews the token first, at once the first time', () => {
    expect(afterClose(4401, '', 0, 0.5)).toEqual({ action: 'reconnect', afterMs: 0, renew: true });
    expect(afterClose(4401, '', 1, 0.5)).toEqual({ action: 'reconnect', afterMs: 200, renew: true });
  });

  it.each([4429, 1012])('%s waits as long as its reason says', (code) => {
    expect(afterClose(code, '2500', 0, 0)).toEqual({ action: 'reconnect', afterMs: 2_500, renew: false });
  });

  it.each([
    [4403, true],
    [4409, false],
    [4426, false],
  ])('%s ends the session (signs out: %s)', (code, signOut) => {
    expect(afterClose(code, '', 0, 0.5)).toMatchObject({ action: 'stop', signOut });
  });

  it.each([1002, 1003, 1007, 1009, 4400])('%s is the fault of what was sent, and ends the session when it repeats', (code) => {
    expect(isPoison(code)).toBe(true);
    expect(afterClose(code, '', 2, 0.5)).toMatchObject({ action: 'reconnect' });
    expect(afterClose(code, '', 3, 0.5)).toMatchObject({ action: 'stop' });
    expect(isPoison(1012)).toBe(false);
  });
});

describe('a connection that did not come about', () => {
  it('is tried again when nobody answered, or when the server said later', () => {
    expect(afterFailure(new Unreachable('away'), 1, 0.5)).toEqual({ action: 'reconnect', afterMs: 200, renew: false });
    expect(afterFailure(refused(503, { retryAfterMs: 1_000 }), 5, 0)).toEqual({
      action: 'reconnect',
      afterMs: 1_000,
      renew: false,
    });
    expect(afterFailure(refused(429), 0, 0)).toMatchObject({ action: 'reconnect' });
  });

  it('renews a token that was refused', () => {
    expect(afterFailure(refused(401), 0, 0)).toEqual({ action: 'reconnect', afterMs: 0, renew: true });
  });

  it('is given up when the server will not have this device or program', () => {
    expect(afterFailure(refused(401, { code: 'refresh-refused' }), 0, 0)).toMatchObject({ action: 'stop', signOut: true });
    expect(afterFailure(refused(426), 0, 0)).toMatchObject({ action: 'stop', signOut: false });
  });
});

describe('revisions', () => {
  const fact = (revision: number, type = 'message-posted', data: Fact['data'] = {}): Fact => ({
    type,
    scope: 'talk',
    revision,
    data,
  });

  it('that follow each other are next, those that were seen are repeats, and a jump is a hole', () => {
    const revisions = new Revisions({ talk: 4 });
    expect([3, 4, 5, 6, 9].map((revision) => revisions.judge(fact(revision), 'me'))).toEqual([
      'repeat',
      'repeat',
      'next',
      'hole',
      'hole',
    ]);
  });

  it('of an unknown conversation begin with 0 or with the own coming, and with nothing else', () => {
    const revisions = new Revisions({});
    expect(revisions.judge(fact(0), 'me')).toBe('next');
    expect(revisions.judge(fact(7, 'member-added', { accountId: 'me' }), 'me')).toBe('next');
    expect(revisions.judge(fact(7, 'member-added', { accountId: 'other' }), 'me')).toBe('hole');
    expect(revisions.judge(fact(7, 'member-added', {}), undefined)).toBe('hole');
    expect(revisions.judge(fact(7), 'me')).toBe('hole');
  });

  it('begin anew for somebody who comes back, and are counted from a snapshot', () => {
    const known = { talk: 4 };
    const revisions = new Revisions(known);
    expect(revisions.judge(fact(9, 'member-added', { accountId: 'me' }), 'me')).toBe('next');
    expect(revisions.judge(fact(20, 'conversation-snapshot'), 'me')).toBe('next');
    revisions.take(fact(20, 'conversation-snapshot'));
    expect(revisions.judge(fact(21), 'me')).toBe('next');
    revisions.take(fact(2, 'conversation-snapshot'));
    expect(known).toEqual({ talk: 20 });
  });

  it('are not asked of facts that have none', () => {
    expect(new Revisions({ talk: 4 }).judge({ type: 'read-up-to', scope: 'talk', data: {} }, 'me')).toBe('unnumbered');
  });
});

describe('own messages', () => {
  it('move on by marks, each step told once and for all messages that it moved', () => {
    const own = new OwnMessages();
    for (const seq of [3, 5, 9]) expect(own.add(seq)).toBe(true);
    expect(own.add(5)).toBe(false);
    expect(own.advance({ deliveredSeq: 6, readSeq: 0 })).toEqual({ progress: 'delivered', fromSeq: 3, toSeq: 5 });
    expect(own.advance({ deliveredSeq: 6, readSeq: 0 })).toBeUndefined();
    expect(own.advance({ deliveredSeq: 0, readSeq: 4 })).toEqual({ progress: 'read', fromSeq: 3, toSeq: 3 });
    expect([3, 5, 9].map((seq) => own.of(seq))).toEqual(['read', 'delivered', 'sent']);
  });

  it('never move back, and a message that is read was delivered', () => {
    const own = new OwnMessages();
    own.advance({ deliveredSeq: 0, readSeq: 8 });
    own.add(7);
    expect(own.of(7)).toBe('read');
    expect(own.advance({ deliveredSeq: 3, readSeq: 3 })).toBeUndefined();
    expect(own.of(7)).toBe('read');
  });

  it('are told in one line', () => {
    expect(lineOf({ progress: 'read', fromSeq: 7, toSeq: 7 })).toBe('#7 read');
    expect(lineOf({ progress: 'delivered', fromSeq: 5, toSeq: 7 })).toBe('#5-#7 delivered');
  });
});
