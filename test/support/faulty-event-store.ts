/**
 * One process's way to the store of a world. Unless the store is atomic, every write is a step of its own, so that the
 * process may die between two. An answer may be lost, before or after the write, or while the write is still on its way.
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
import type { Process, SendWorld } from './send-world.js';
import type { StepKind, Stepper } from './step-schedule.js';

export type Fault = 'unavailable' | 'never-arrived' | 'answer-lost' | 'late';

export interface Faults {
  /** What goes wrong with the write at this place of an append; asked once per write. */
  write(): Fault | undefined;
  /** Whether a read fails. */
  read(): boolean;
}

export const NO_FAULTS: Faults = { write: () => undefined, read: () => false };

/** Nobody: what it does goes on whoever dies. */
const NETWORK: Stepper = { isAlive: true };

export class FaultyEventStore implements EventStore {
  constructor(
    private readonly world: SendWorld,
    private readonly process: Pick<Process, 'isAlive' | 'isCutShort'>,
  ) {}

  async append(writes: readonly Write[]): Promise<readonly WriteOutcome[]> {
    const pieces = this.world.options.kind === 'atomic' ? [writes] : writes.map((write) => [write]);
    const outcomes: WriteOutcome[] = [];
    for (const piece of pieces) {
      const got = await this.write('An append', outcomes.length > 0, async () => this.world.store.append(piece));
      outcomes.push(...got);
      if (got.at(-1)?.outcome !== 'appended') break;
      if (this.process.isCutShort) this.world.crash(this.world.placeOf(this.process));
    }
    return this.turn('own', () => outcomes);
  }

  remove(stream: string, expectedRevision: number, meta: RemovalMeta): Promise<RemoveOutcome> {
    return this.write('A removal', false, async () => this.world.store.remove(stream, expectedRevision, meta));
  }

  truncate(stream: string, before: number): Promise<TruncateOutcome> {
    return this.write('A truncation', false, async () => this.world.store.truncate(stream, before));
  }

  readStream(stream: string, from: number, max: number): Promise<StreamSlice> {
    return this.turn('read', () => {
      if (this.world.faults.read()) throw new this.world.modules.Unavailable('A read failed.');
      return this.world.store.readStream(stream, from, max);
    });
  }

  readAll(after: number, max: number): Promise<readonly StoredEvent[]> {
    return this.turn('read', () => this.world.store.readAll(after, max));
  }

  headPosition(): Promise<number> {
    return this.world.store.headPosition();
  }

  appendedAfter(position: number, signal: AbortSignal): Promise<void> {
    return this.world.store.appendedAfter(position, signal);
  }

  private async write<T>(what: string, isBegun: boolean, work: () => Promise<T>): Promise<T> {
    const { modules, mirror, faults } = this.world;
    const apply = async (): Promise<T> => {
      const done = await work();
      await mirror.catchUp();
      return done;
    };
    const fault = faults.write();
    const unknown = (): never => {
      throw new modules.OutcomeUnknown(`${what}: the answer was lost.`);
    };
    switch (fault) {
      case undefined:
        return this.turn('write', apply);
      case 'unavailable':
        return this.turn('write', () => {
          if (isBegun) return unknown();
          throw new modules.Unavailable(`${what} was not begun.`);
        });
      case 'never-arrived':
        return this.turn('write', unknown);
      case 'answer-lost':
        return this.turn('write', async () => {
          await apply();
          return unknown();
        });
      case 'late':
        void this.world.schedule.turn(NETWORK, 'write', apply);
        return this.turn('own', unknown);
    }
  }

  private turn<T>(kind: StepKind, work: () => T | Promise<T>): Promise<T> {
    return this.world.schedule.turn(this.process, kind, work);
  }
}
