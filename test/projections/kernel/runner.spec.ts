import { describe, expect, it } from '@jest/globals';
import { InMemoryViews } from '../../../src/adapters/in-memory/in-memory-views.js';
import type { Envelope } from '../../../src/domain/kernel/envelope.js';
import type { AccountId } from '../../../src/domain/kernel/ids.js';
import { type Instant, instant } from '../../../src/domain/kernel/instant.js';
import { accounts } from '../../../src/projections/accounts.js';
import { devices } from '../../../src/projections/devices.js';
import type { FeedEnvelope, ProjectedEnvelope } from '../../../src/projections/kernel/feed-events.js';
import { type Batch, ProjectionRunner } from '../../../src/projections/kernel/runner.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const registered = (name: string, position: number, recordedAt = position): Envelope =>
  ({
    type: 'AccountRegistered',
    data: { accountId: name, identifierKind: 'email', identifier: { sealed: name }, registeredAt: recordedAt },
    meta: { position, revision: 0, recordedAt, feedKey: name, stream: `account-${name}` },
  }) as never;

const profile = (name: string, position: number, recordedAt = position): Envelope =>
  ({
    ...registered(name, position, recordedAt),
    type: 'ProfileChanged',
    data: { accountId: name, displayName: { sealed: 'n' }, changedAt: 1 },
  }) as never;

const batch = (upTo: number, ...events: readonly Envelope[]): Batch => ({ events, upTo });

async function* from(...batches: readonly Batch[]): AsyncGenerator<Batch> {
  yield* batches;
}

/** A source that a test hands batches to, one by one. */
function tap() {
  const waiting: Batch[] = [];
  let wake: () => void = () => undefined;
  let isOver = false;
  const source = async function* (): AsyncGenerator<Batch> {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else if (isOver) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const give = (...batches: readonly Batch[]) => {
    waiting.push(...batches);
    wake();
  };
  const end = () => {
    isOver = true;
    wake();
  };
  return { source: source(), give, end };
}

function running(
  views = new InMemoryViews(),
  projections = [accounts, devices] as ConstructorParameters<typeof ProjectionRunner>[0]['projections'],
  gathers: { readonly gatherMs?: number; readonly signal?: AbortSignal } = {},
) {
  const clock = new TestClock();
  const seen: number[] = [];
  const enrich = async (events: readonly FeedEnvelope[]) => {
    seen.push(...events.map(({ meta }) => meta.position));
    return events as readonly ProjectedEnvelope[];
  };
  return { views, clock, seen, runner: new ProjectionRunner({ projections, writer: views, enrich, time: clock, ...gathers }) };
}

const versions = async (views: InMemoryViews) =>
  (await views.page(accounts.collection, { equal: {}, limit: 99 })).map(({ accountId, version, position }) => [
    accountId,
    version,
    position,
  ]);

describe('a run', () => {
  it('applies batches in order and stores the checkpoint with each', async () => {
    const { runner, views } = running();
    await runner.run(from(batch(5, registered('ada', 3)), batch(9, profile('ada', 8), registered('bea', 9))));
    expect(await versions(views)).toEqual([
      ['ada', 1, 8],
      ['bea', 1, 9],
    ]);
    expect([await views.checkpoint(accounts.collection), await views.checkpoint(devices.collection)]).toEqual([9, 9]);
    expect(runner.position()).toBe(9);
  });

  it('goes on after the lowest checkpoint, and skips what each projection has seen', async () => {
    const views = new InMemoryViews();
    await running(views, [accounts]).runner.run(from(batch(9, registered('ada', 3))));
    await views.apply([{ collection: devices.collection, writes: [] }], 4);
    const { runner, seen } = running(views);
    expect(await runner.resumeFrom()).toBe(4);
    await runner.run(from(batch(12, registered('old', 3), registered('late', 8), registered('new', 11))));
    expect(seen).toEqual([8, 11]);
    expect((await versions(views)).map(([accountId]) => accountId)).toEqual(['ada', 'new']);
  });

  it('ends with an error at an event of unknown type, and does not pass it', async () => {
    const { runner, views, clock } = running();
    const unknown = { ...registered('ada', 7), type: 'AccountFrozen' } as Envelope;
    const run = runner.run(from(batch(5, registered('ada', 3)), batch(9, unknown, registered('bea', 8)), batch(12)));
    await expect(run).rejects.toThrow('unknown type "AccountFrozen" at position 7');
    expect([runner.position(), await views.checkpoint(accounts.collection)]).toEqual([5, 5]);
    expect(runner.health(12)).toMatchObject({ state: 'failed', position: 5, cause: expect.any(Error) });
    expect(await runner.waitFor(9, 1_000)).toBe('behind');
    expect(clock.waiting).toBe(0);
  });

  it('ends with the error of a write that failed, and begins again at the batch', async () => {
    const { runner, views } = running();
    const apply = views.apply.bind(views);
    views.apply = () => Promise.reject(new Error('The disk is full.'));
    await expect(runner.run(from(batch(5, registered('ada', 3))))).rejects.toThrow('The disk is full.');
    views.apply = apply;
    expect(await runner.resumeFrom()).toBe(0);
    await runner.run(from(batch(5, registered('ada', 3))));
    expect(runner.health(5)).toEqual({ state: 'ended', position: 5, stalledMs: 0, cause: expect.anything() });
  });
});

describe('the views as of a time', () => {
  it('hold what was recorded by then, each feed key up to its first later event', async () => {
    const { runner, views } = running();
    const at = (ms: number): Instant => instant(ms);
    const events = [
      registered('ada', 1, 100),
      registered('bea', 2, 300),
      profile('ada', 3, 205),
      profile('ada', 4, 150),
      profile('bea', 5, 90),
    ];
    await runner.run(from(batch(5, ...events)), { until: at(200) });
    expect(await versions(views)).toEqual([['ada', 1, 1]]);
  });
});

describe('gathering', () => {
  it('holds a batch back for a while, so that more can come', async () => {
    const { runner, clock, seen } = running(new InMemoryViews(), [accounts], { gatherMs: 20 });
    const { source, give, end } = tap();
    const run = runner.run(source);
    give(batch(5, registered('ada', 5)));
    await until('it gathers', () => clock.waiting === 1);
    clock.advance(19);
    expect(seen).toEqual([]);
    clock.advance(1);
    await until('it is applied', () => runner.position() === 5);
    end();
    await run;
  });

  it('ends at once when somebody waits for the views, and does not begin while somebody does', async () => {
    const { runner, clock } = running(new InMemoryViews(), [accounts], { gatherMs: 20 });
    const { source, give, end } = tap();
    const run = runner.run(source);
    give(batch(5, registered('ada', 5)));
    await until('it gathers', () => clock.waiting === 1);
    expect(await runner.waitFor(5, 1_000)).toBe('reached');
    const next = runner.waitFor(7, 1_000);
    give(batch(6, registered('ben', 6)), batch(7, registered('cem', 7)));
    expect(await next).toBe('reached');
    end();
    await run;
  });
});

describe('gathering in a process that stops', () => {
  it('ends at once', async () => {
    const over = new AbortController();
    const { runner, clock } = running(new InMemoryViews(), [accounts], { gatherMs: 20, signal: over.signal });
    const { source, give, end } = tap();
    const run = runner.run(source);
    give(batch(5, registered('ada', 5)), batch(6, registered('ben', 6)));
    await until('it gathers', () => clock.waiting === 1);
    over.abort();
    end();
    await run;
    expect(runner.position()).toBe(6);
  });
});

describe('waiting for a position', () => {
  it('ends when the views are there', async () => {
    const { runner } = running();
    const { source, give, end } = tap();
    const run = runner.run(source);
    const waits = [runner.waitFor(5, 1_000), runner.waitFor(9, 1_000)];
    give(batch(5, registered('ada', 3)));
    expect(await waits[0]).toBe('reached');
    give(batch(7), batch(10));
    expect(await waits[1]).toBe('reached');
    expect(await runner.waitFor(8, 1_000)).toBe('reached');
    end();
    await run;
  });

  it('ends at its deadline, or with the run', async () => {
    const { runner, clock } = running();
    const { source, give, end } = tap();
    const run = runner.run(source);
    give(batch(5));
    const late = runner.waitFor(6, 2_000);
    await until('somebody waits', () => clock.waiting === 1);
    clock.advance(2_000);
    expect(await late).toBe('behind');
    const ended = runner.waitFor(6, 2_000);
    await until('somebody waits', () => clock.waiting === 1);
    end();
    expect(await ended).toBe('behind');
    await run;
    expect(await runner.waitFor(6, 2_000)).toBe('behind');
  });
});

describe('health', () => {
  it('says for how long the views have stood still while something was waiting', async () => {
    const { runner, clock } = running();
    const { source, give, end } = tap();
    expect(runner.health(0)).toEqual({ state: 'idle', position: 0, stalledMs: 0 });
    const run = runner.run(source);
    give(batch(5, registered('ada' as AccountId, 3)));
    await runner.waitFor(5, 1_000);
    clock.advance(60_000);
    expect(runner.health(5)).toEqual({ state: 'running', position: 5, stalledMs: 0 });
    expect(runner.health(6).stalledMs).toBe(0);
    clock.advance(3_000);
    expect(runner.health(8).stalledMs).toBe(3_000);
    give(batch(7));
    await runner.waitFor(7, 1_000);
    expect(runner.health(8).stalledMs).toBe(0);
    end();
    await run;
  });
});
