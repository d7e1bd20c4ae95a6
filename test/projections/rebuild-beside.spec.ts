/**
 * Goal: a view is built anew beside the living one while events go on coming; readers see the old or the new one, whole,
 * and a build that ends early changes nothing. Method: generated histories of which a part arrives during the rebuild.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InMemoryViews } from '../../src/adapters/in-memory/in-memory-views.js';
import { openSqliteDatabase } from '../../src/adapters/sqlite/sqlite-database.js';
import { SqliteProjectionWriter } from '../../src/adapters/sqlite/sqlite-projection-writer.js';
import { SqliteViewBuilds } from '../../src/adapters/sqlite/sqlite-view-builds.js';
import { SqliteViews } from '../../src/adapters/sqlite/sqlite-views.js';
import { ViewTables } from '../../src/adapters/sqlite/view-tables.js';
import type { Envelope } from '../../src/domain/kernel/envelope.js';
import { accounts } from '../../src/projections/accounts.js';
import { enricher } from '../../src/projections/kernel/pairing.js';
import type { RebuildReport } from '../../src/projections/kernel/rebuild-report.js';
import { type Batch, ProjectionRunner } from '../../src/projections/kernel/runner.js';
import type { ProjectionWriter, ViewBuilds, Views } from '../../src/projections/kernel/views.js';
import { allCollections, allProjections } from '../../src/projections/projections.js';
import { Rebuilds } from '../../src/projections/rebuilds.js';
import { allAnswers } from '../support/all-answers.js';
import { fakeKeys } from '../support/fake-keys.js';
import { bodiesIn } from '../support/feeding.js';
import { anySteps, History } from '../support/generated-history.js';
import { TickingClock } from '../support/ticking-clock.js';

interface Stores {
  readonly views: Views;
  readonly writer: ProjectionWriter;
  readonly builds: ViewBuilds;
  close(): void;
}

const inMemory = (): Stores => {
  const views = new InMemoryViews();
  return { views, writer: views, builds: views, close: () => undefined };
};

function sqlite(): Stores {
  const folder = mkdtempSync(join(tmpdir(), 'sottovoce-rebuild-'));
  const connection = openSqliteDatabase(join(folder, 'read.sqlite'), []);
  const tables = new ViewTables(connection, allCollections);
  return {
    views: new SqliteViews(connection, allCollections, tables),
    writer: new SqliteProjectionWriter(connection, allCollections, tables),
    builds: new SqliteViewBuilds(connection, tables),
    close: () => {
      connection.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A log of which more and more has happened, views that follow it, and rebuilds of them. */
class World {
  readonly keys = fakeKeys();
  readonly rebuilds: Rebuilds;
  private readonly log: readonly Envelope[];
  private happened: number;
  private readonly runner: ProjectionRunner;

  constructor(
    readonly history: History,
    readonly stores: Stores,
  ) {
    this.log = history.remaining();
    this.happened = Math.ceil(this.log.length / 2);
    const enrich = () =>
      enricher({
        bodies: bodiesIn(this.log, (stream) => history.removedStreams.has(stream)),
        open: this.keys.open,
        handles: this.keys.handles,
      });
    const { writer, builds } = stores;
    const time = new TickingClock();
    this.runner = new ProjectionRunner({ projections: allProjections, writer, enrich: enrich(), time });
    this.rebuilds = new Rebuilds({
      ...{ builds, writer, enrich, time, gapEventsMax: 2 },
      read: (after, upTo, isWanted) => this.stretch(after, upTo, isWanted),
      headPosition: async () => this.head(),
      between: (work) => this.runner.between(work),
    });
  }

  /** The views follow all that has happened. */
  async follow(): Promise<void> {
    const after = await this.runner.resumeFrom();
    await this.runner.run(this.stretch(after, this.head(), () => true));
  }

  /** One event more, and the views with it. */
  async happen(): Promise<void> {
    this.happened = Math.min(this.happened + 1, this.log.length);
    await this.follow();
  }

  async rebuild(name: string, acceptDifferences = false, report: () => void = () => undefined): Promise<RebuildReport> {
    const signal = new AbortController().signal;
    const outcome = await this.rebuilds.rebuild(name, { pace: 'served', acceptDifferences, signal, report });
    if (typeof outcome === 'string') throw new Error(outcome);
    return outcome;
  }

  answers(): Promise<unknown> {
    return allAnswers(this.stores.views, this.history, this.keys);
  }

  private head(): number {
    return this.log[this.happened - 1]?.meta.position ?? 0;
  }

  private async *stretch(after: number, upTo: number, isWanted: (type: string) => boolean): AsyncGenerator<Batch> {
    const events = this.log.filter(({ meta }) => meta.position > after && meta.position <= upTo);
    for (let from = 0; from < events.length; from += 3) {
      const batch = events.slice(from, from + 3);
      yield { events: batch.filter(({ type }) => isWanted(type)), upTo: batch.at(-1)?.meta.position ?? upTo };
    }
  }
}

const NAMES = allProjections.map(({ name }) => name);
const damage = (writer: ProjectionWriter) =>
  writer.apply(
    [
      {
        collection: accounts.collection,
        writes: [{ position: 1_000_000, ops: [{ verb: 'remove', key: { accountId: 'ada' } }] }],
      },
    ],
    0,
  );

describe.each([
  ['in memory', inMemory],
  ['in SQLite', sqlite],
])('a view that is built anew beside the living one, %s', (_, open) => {
  it('is equal to it and takes its place, while events go on coming', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps(10, 40), fc.constantFrom(...NAMES), async (steps, name) => {
        const [world, other] = [new World(new History(steps), open()), new World(new History(steps), open())];
        try {
          await world.follow();
          const coming: Promise<void>[] = [];
          const report = await world.rebuild(name, false, () => void coming.push(world.happen()));
          await Promise.all(coming);
          expect(report).toMatchObject({ differences: 0, first: [], outcome: 'switched' });
          expect(report.rebuiltDocuments).toBe(report.liveDocuments);
          for (let step = 0; step < steps.length * 4; step += 1) {
            await world.happen();
            await other.happen();
          }
          expect(await world.answers()).toEqual(await other.answers());
        } finally {
          world.stores.close();
          other.stores.close();
        }
      }),
      { numRuns: 8 },
    );
  });

  const told = () => new World(new History(fc.sample(anySteps(30, 30), { seed: 7, numRuns: 1 })[0] ?? []), open());

  it('stays away when it differs, says by id and field what differs, and comes when that is expected', async () => {
    const world = told();
    await world.follow();
    const expected = await world.answers();
    await damage(world.stores.writer);
    const kept = await world.rebuild('accounts');
    expect(kept).toMatchObject({ outcome: 'kept', differences: 1, first: [{ id: 'ada', kind: 'only-rebuilt', fields: [] }] });
    expect(kept.rebuiltDocuments).toBe(kept.liveDocuments + 1);
    expect(await world.answers()).not.toEqual(expected);
    expect(await world.rebuild('accounts', true)).toMatchObject({ outcome: 'switched', differences: 1 });
    expect(await world.answers()).toEqual(expected);
    world.stores.close();
  });

  it('changes nothing when it ends early, at whatever step, and can be begun again', async () => {
    for (let step = 1, isOver = false; !isOver; step += 1) {
      const world = told();
      await world.follow();
      const expected = await world.answers();
      let steps = 0;
      const outcome = await world
        .rebuild('conversation-timeline', false, () => {
          steps += 1;
          if (steps === step) throw new Error('cut off');
        })
        .catch((error: Error) => error.message);
      isOver = outcome !== 'cut off';
      expect(await world.answers()).toEqual(expected);
      expect(await world.rebuild('conversation-timeline')).toMatchObject({ outcome: 'switched', differences: 0 });
      expect(await world.answers()).toEqual(expected);
      world.stores.close();
      if (isOver) expect(step).toBeGreaterThan(5);
    }
  });

  it('is refused while another is under way, and when there is none of that name', async () => {
    const world = told();
    await world.follow();
    const first = world.rebuild('devices');
    await expect(world.rebuild('accounts')).rejects.toThrow('busy');
    expect((await first).outcome).toBe('switched');
    await expect(world.rebuild('no-such-view')).rejects.toThrow('unknown-name');
    expect((await world.rebuild('accounts')).outcome).toBe('switched');
    world.stores.close();
  });
});
