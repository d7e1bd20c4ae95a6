/** What a rebuild says while it goes on and when it is over: counts, ids and names of fields, never a value of a document. */

export const REBUILD_PHASES = ['building', 'catching-up', 'comparing', 'switching'] as const;

export interface RebuildProgress {
  readonly phase: (typeof REBUILD_PHASES)[number];
  /** How far the phase is, and where it ends: positions of the log, or documents while comparing. */
  readonly done: number;
  readonly of: number;
}

export interface Difference {
  /** The values of the key: ids and numbers. */
  readonly id: string;
  readonly kind: 'only-live' | 'only-rebuilt' | 'different';
  /** The names of the fields that differ. */
  readonly fields: readonly string[];
}

export interface Comparison {
  readonly liveDocuments: number;
  readonly rebuiltDocuments: number;
  readonly differences: number;
  /** The first of them in the order of their keys. */
  readonly first: readonly Difference[];
}

export interface RebuildReport extends Comparison {
  /** The collection: projection and version. */
  readonly collection: string;
  /** Up to where both were built when they were compared. */
  readonly position: number;
  readonly events: number;
  readonly durationMs: number;
  /** `kept`: the views differ, and nobody said that this is expected. */
  readonly outcome: 'switched' | 'kept';
}
