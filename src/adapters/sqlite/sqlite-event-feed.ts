/**
 * The feed straight from the store, with one durable checkpoint for each consumer in the file of the events.
 * A checkpoint shares the commit of whatever is written at that moment, so that consumers cost the senders no flush.
 */
import type { EventFeed, FeedBatch, FollowOptions } from '../../application/ports/event-feed.js';
import type { EventStore } from '../../application/ports/event-store.js';
import { type Checked, checked, unchecked } from './row-checksum.js';
import { attempt } from './sqlite-attempt.js';
import type { SqliteWriter } from './sqlite-writer.js';

const TABLE = 'checkpoints';

interface Checkpoint {
  readonly consumer: string;
  readonly position: number;
}

export class SqliteEventFeed implements EventFeed {
  private readonly select;
  private readonly advance;

  constructor(
    private readonly store: EventStore,
    private readonly writer: SqliteWriter,
  ) {
    this.select = writer.connection.prepare<[string], Checked<Checkpoint>>(
      'SELECT consumer, position, checksum FROM checkpoints WHERE consumer = ?',
    );
    this.advance = writer.connection.prepare<[Checked<Checkpoint>]>(
      `INSERT INTO checkpoints (consumer, position, checksum) VALUES (@consumer, @position, @checksum)
        ON CONFLICT (consumer) DO UPDATE SET position = excluded.position, checksum = excluded.checksum
        WHERE excluded.position > position`,
    );
  }

  follow(consumer: string, options: FollowOptions): AsyncIterable<FeedBatch> {
    const start = this.startOf(consumer, options.from);
    start.catch(() => undefined);
    return this.batches(start, options);
  }

  async commit(consumer: string, position: number): Promise<void> {
    await this.writer.submit('Keeping a checkpoint', () => this.advance.run(checked({ consumer, position })));
  }

  async committed(consumer: string): Promise<number> {
    const row = attempt('Reading a checkpoint', () => this.select.get(consumer));
    return row === undefined ? 0 : unchecked<Checkpoint>(TABLE, row).position;
  }

  private startOf(consumer: string, from: FollowOptions['from']): Promise<number> {
    if (from === 'checkpoint') return this.committed(consumer);
    return from === 'end' ? this.store.headPosition() : Promise.resolve(from.after);
  }

  private async *batches(start: Promise<number>, { batchMax, signal }: FollowOptions): AsyncGenerator<FeedBatch> {
    let upTo = await start;
    while (!signal.aborted) {
      const events = await this.store.readAll(upTo, batchMax);
      const last = events.at(-1);
      if (last === undefined) {
        await this.store.appendedAfter(upTo, signal);
        await nextTurn();
      } else {
        upTo = last.position;
        yield { events, upTo };
      }
    }
  }
}

/** Who sent is answered first: the acks of a commit leave with the turn of the event loop that it was made in. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
