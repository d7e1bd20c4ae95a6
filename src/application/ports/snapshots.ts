/**
 * States of streams as they were folded up to a revision: a cache outside of the log, so that a long stream is not folded
 * from its start. It holds no personal field, may be thrown away at any time, and is believed only as far as the log
 * bears it out (ADR 0027).
 */
import type { EventId } from '../../domain/kernel/ids.js';

export interface Snapshot {
  readonly stream: string;
  /** The last event that the state is folded from, and its id: another log has another event there. */
  readonly revision: number;
  readonly eventId: EventId;
  /** Names the shape of the state and the way it is folded. */
  readonly schema: string;
  /** JSON. */
  readonly state: string;
}

export interface Snapshots {
  /**
   * What was kept of a stream under a schema; nothing under another schema.
   * What was damaged is as if it had never been kept.
   */
  read(stream: string, schema: string): Promise<Snapshot | undefined>;

  /**
   * Keeps one state of a stream, in the place of an earlier one.
   * A state of an earlier revision does not replace a later one of the same schema.
   * A state under another schema replaces whatever is kept.
   */
  keep(snapshot: Snapshot): Promise<void>;

  /** Keeps nothing of the stream; a second time changes nothing. */
  forget(stream: string): Promise<void>;
}
