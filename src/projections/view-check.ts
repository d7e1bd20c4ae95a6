/**
 * Whether views are what the log makes of them: each is folded anew beside it up to where it stands, and both are compared
 * row by row, places of removed documents and positions of last changes included.
 */
import { isErased, isSealed } from '../domain/kernel/personal.js';
import type { Fields, Shape } from './kernel/collection.js';
import { compare } from './kernel/comparison.js';
import type { Open } from './kernel/opening.js';
import type { Enrich } from './kernel/pairing.js';
import type { Projection } from './kernel/projection.js';
import type { Comparison } from './kernel/rebuild-report.js';
import { type Batch, ProjectionRunner, type Time } from './kernel/runner.js';
import type { ProjectionWriter, Standing } from './kernel/views.js';

export interface StandingView {
  readonly projection: Projection;
  readonly position: number;
}

export interface FoldSources {
  /** The log after a position, up to another. */
  readonly read: (after: number, upTo: number) => AsyncIterable<Batch>;
  readonly writer: ProjectionWriter;
  readonly enrich: Enrich;
  readonly time: Time;
}

/** Folds the log into the writer, each view up to where it stands and no further. */
export async function foldUpTo(views: readonly StandingView[], { read, writer, enrich, time }: FoldSources): Promise<void> {
  const stops = [...new Set(views.map(({ position }) => position))].sort((one, other) => one - other);
  let reached = 0;
  for (const stop of stops) {
    const projections = views.filter(({ position }) => position >= stop).map(({ projection }) => projection);
    await new ProjectionRunner({ projections, writer, enrich, time }).run(read(reached, stop));
    reached = stop;
  }
}

export const compareViews = (shape: Shape, standing: Standing, open: Open): Promise<Comparison> =>
  compare(shape, standing, { forgive: ofErased(shape, open) });

/** A fold after an erasure knows less of the person than a view from before it: fields of theirs, beside a value that opens no more. */
const ofErased =
  ({ personal }: Shape, open: Open) =>
  async (live: Fields, folded: Fields, fields: readonly string[]): Promise<boolean> => {
    if (!fields.every((field) => personal.includes(field))) return false;
    const seals = personal.flatMap((field) => [live[field], folded[field]]).filter(isSealed);
    const values = seals.length === 0 ? [] : await open(seals).catch(() => []);
    return values.some(isErased);
  };
