/** The views and the key store of a process, which may be slow, or away; and views as they were at an earlier moment. */

import type { InMemoryKeyRows } from '../../src/adapters/in-memory/in-memory-key-rows.js';
import { InMemoryViews } from '../../src/adapters/in-memory/in-memory-views.js';
import { Unavailable } from '../../src/application/ports/failures.js';
import type { Shape } from '../../src/projections/kernel/collection.js';
import type { ProjectionWriter, ProjectionWrites, Views } from '../../src/projections/kernel/views.js';
import type { Schedule } from './schedule.js';
import type { Suffering } from './trouble.js';

/** What a restart finds of the views: they, or their checkpoint alone, can be taken back to any batch that they were built from. */
export class KeptViews {
  readonly applied: { readonly projections: readonly ProjectionWrites[]; readonly upTo: number }[] = [];
  views = new InMemoryViews();
  /** Counts the moments from which on reads may show less than before. */
  life = 0;
  /** A checkpoint that is behind what the rows hold, until all of that has been handed over again. */
  private behind: number | undefined;

  async apply(projections: readonly ProjectionWrites[], upTo: number): Promise<void> {
    await this.views.apply(projections, upTo);
    this.applied.push({ projections, upTo });
    if (this.behind !== undefined) this.behind = Math.max(this.behind, upTo);
  }

  async checkpoint(collection: Shape): Promise<number> {
    const reached = await this.views.checkpoint(collection);
    return Math.min(this.behind ?? reached, reached);
  }

  /** As where checkpoints are stored apart from rows: nothing is shown that was not shown before. */
  takeCheckpointBack(batches: number): void {
    this.behind = Math.max(0, ...this.applied.slice(0, batches).map(({ upTo }) => upTo));
  }

  async takeBack(batches: number): Promise<void> {
    this.applied.length = batches;
    this.views = new InMemoryViews();
    this.life += 1;
    this.behind = undefined;
    for (const { projections, upTo } of this.applied) await this.views.apply(projections, upTo);
  }
}

const READS_THAT_WAIT = 0.08;

export function slowViews(schedule: Schedule, process: Suffering, kept: KeptViews): Views & ProjectionWriter {
  const read = <Done>(work: () => Promise<Done>): Promise<Done> => {
    const isSlow = process.trouble.has('views slow');
    if (!schedule.chance.happens(isSlow ? 0.3 : READS_THAT_WAIT)) return work();
    if (isSlow) process.trouble.counters.hit('views: slow');
    return schedule.turn(process, 'read', work, isSlow ? schedule.chance.fraction() * 700 : undefined);
  };
  const { views } = kept;
  return {
    get: (collection, keys) => read(() => views.get(collection, keys)),
    page: (collection, query) => read(() => views.page(collection, query)),
    count: (collection, query) => read(() => views.count(collection, query)),
    position: (collection) => kept.checkpoint(collection),
    checkpoint: (collection) => kept.checkpoint(collection),
    apply: (projections, upTo) => schedule.turn(process, 'read', () => kept.apply(projections, upTo)),
    forget: (collection, index, equal) => views.forget(collection, index, equal),
    clear: (collection) => views.clear(collection),
  };
}

const KEY_READS_THAT_WAIT = 0.2;

/** Every call of the key store as a turn, now and then; a call that fails has done nothing. */
export function faultyKeyRows(schedule: Schedule, process: Suffering, rows: InMemoryKeyRows): InMemoryKeyRows {
  return new Proxy(rows, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...given: unknown[]) => Promise<unknown>;
      if (typeof method !== 'function') return method;
      return (...given: unknown[]) => {
        const call = () => method.apply(target, given);
        if (process.trouble.has('keys away')) {
          process.trouble.counters.hit('keys: away');
          return schedule.turn(process, 'read', () => {
            throw new Unavailable('The key store does not answer.');
          });
        }
        if (process.trouble.has('keys slow')) {
          process.trouble.counters.hit('keys: slow');
          return schedule.turn(process, 'write', call, schedule.chance.fraction() * 2_000);
        }
        return schedule.chance.happens(KEY_READS_THAT_WAIT) ? schedule.turn(process, 'write', call) : call();
      };
    },
  });
}
