/**
 * One process's way to the store that all have in common. Unless the store is atomic every write is a turn of its own; an
 * append may be refused, lost, torn, late, or done without anybody hearing of it.
 */
import type {
  EventStore,
  RemovalMeta,
  RemoveOutcome,
  StoredEvent,
  StreamSlice,
  TruncateOutcome,
  Write,
  WriteOutcome,
} from '../../src/application/ports/event-store.js';
import { OutcomeUnknown, Unavailable } from '../../src/application/ports/failures.js';
import type { Counted } from './counters.js';
import type { StoreKind } from './plan.js';
import { type Actor, anybody, type Schedule } from './schedule.js';
import type { Suffering } from './trouble.js';

const FAULTS = ['unavailable', 'lost', 'answer lost', 'answer lost', 'late'] as const;
const READ_FAILS = 0.2;

export interface StoreWorld {
  readonly schedule: Schedule;
  readonly store: EventStore;
  readonly kind: StoreKind;
  crash(process: Suffering): void;
}

export class FaultyStore implements EventStore {
  /** What it does goes on whoever dies. */
  private readonly network: Actor = anybody();

  constructor(
    private readonly world: StoreWorld,
    private readonly process: Suffering,
  ) {}

  async append(writes: readonly Write[]): Promise<readonly WriteOutcome[]> {
    const pieces = this.world.kind === 'atomic' ? [writes] : writes.map((write) => [write]);
    if (writes.length > 2) this.hit('append: repeated batch');
    const outcomes: WriteOutcome[] = [];
    for (const piece of pieces) {
      const got = await this.write('An append', outcomes.length > 0, () => this.world.store.append(piece));
      outcomes.push(...got);
      if (got.at(-1)?.outcome !== 'appended') break;
      if (this.process.isCutShort && outcomes.length < writes.length) this.dieBetweenWrites();
    }
    if (outcomes.some(({ outcome }) => outcome === 'wrong-expected-revision')) this.hit('append: conflict');
    return this.turn('read', () => outcomes);
  }

  remove(stream: string, expectedRevision: number, meta: RemovalMeta): Promise<RemoveOutcome> {
    return this.write('A removal', false, () => this.world.store.remove(stream, expectedRevision, meta));
  }

  truncate(stream: string, before: number): Promise<TruncateOutcome> {
    return this.write('A truncation', false, () => this.world.store.truncate(stream, before));
  }

  readStream(stream: string, from: number, max: number): Promise<StreamSlice> {
    return this.turn('read', () => {
      this.mayFail();
      return this.world.store.readStream(stream, from, max);
    });
  }

  readAll(after: number, max: number): Promise<readonly StoredEvent[]> {
    return this.turn('read', () => {
      this.mayFail();
      return this.world.store.readAll(after, max);
    });
  }

  headPosition(): Promise<number> {
    return this.world.store.headPosition();
  }

  appendedAfter(position: number, signal: AbortSignal): Promise<void> {
    return this.world.store.appendedAfter(position, signal);
  }

  private async write<Done>(what: string, isBegun: boolean, apply: () => Promise<Done>): Promise<Done> {
    const { schedule } = this.world;
    const { chance } = schedule;
    const isFaulty = this.process.trouble.has('store') && chance.happens(this.process.trouble.storeRate);
    const fault = isFaulty ? chance.pick(FAULTS) : undefined;
    const unknown = (): never => {
      throw new OutcomeUnknown(`${what}: the answer was lost.`);
    };
    if (fault !== undefined && isBegun) this.hit('append: torn');
    switch (fault) {
      case undefined:
        return this.turn('write', apply);
      case 'unavailable':
        this.hit('append: unavailable');
        return this.turn('write', () => {
          if (isBegun) return unknown();
          throw new Unavailable(`${what} was not begun.`);
        });
      case 'lost':
        this.hit('append: lost');
        return this.turn('write', unknown);
      case 'answer lost':
        this.hit('append: answer lost');
        return this.turn('write', async () => {
          await apply();
          return unknown();
        });
      case 'late':
        this.hit('append: late');
        void schedule.turn(this.network, 'write', apply, chance.fraction() * chance.pick([50, 3_000, 20_000]));
        return this.turn('read', unknown);
    }
  }

  private dieBetweenWrites(): void {
    this.process.isCutShort = false;
    this.hit('process: crashed between writes');
    this.world.crash(this.process);
  }

  private mayFail(): void {
    if (!this.process.trouble.has('reads fail') || !this.world.schedule.chance.happens(READ_FAILS)) return;
    this.hit('store: read failed');
    throw new Unavailable('A read failed.');
  }

  private turn<Done>(kind: 'read' | 'write', work: () => Done | Promise<Done>): Promise<Done> {
    const { schedule } = this.world;
    if (!this.process.trouble.has('slow store') || !schedule.chance.happens(0.5)) return schedule.turn(this.process, kind, work);
    this.hit('store: slow');
    return schedule.turn(this.process, kind, work, schedule.chance.fraction() * 3_000);
  }

  private hit(what: Counted): void {
    this.process.trouble.counters.hit(what);
  }
}
