/**
 * TABLE category of streams -> how long its events are kept. What a fold, a view or a proof needs is never let go of: a
 * category with a bound says what that is, and the worker truncates below it only (ADR 0032). The bounds are named as
 * EventStoreDB names them: `maxCount`, `maxAge`, `truncateBefore`.
 */
import { aggregates } from './aggregates.js';
import type { StoredDomainEvent } from './event-catalogue.js';
import { truncateReceiptsBefore } from './receipts/truncate-receipts-before.js';
import type { Deps } from './use-case.js';

export interface KeptForEver {
  readonly kept: 'for ever';
  readonly because: string;
}

type Bounds =
  | { readonly maxCount: number; readonly maxAgeDays?: never }
  | { readonly maxAgeDays: number; readonly maxCount?: never };

export type Bounded = Bounds & {
  readonly kept: 'within a bound';
  readonly because: string;
  /** A stored name: how far the worker has walked the log for this category. Another bound takes another name, and walks again. */
  readonly checkpoint: string;
  /** How many of a stream's oldest events nothing needs any more: no fold, no view, and none that is built anew. */
  readonly truncateBefore: (deps: RetentionDeps, oldest: readonly StoredDomainEvent[]) => Promise<number>;
};

export type Retention = KeptForEver | Bounded;
export type RetentionDeps = Pick<Deps, 'conversations'>;
export type RetentionTable = Readonly<Record<string, Retention>>;

export const retention: Readonly<Record<keyof typeof aggregates, Retention>> = {
  account: { kept: 'for ever', because: 'An account is what all its events fold to, and they are few.' },
  device: { kept: 'for ever', because: 'A device is what all its events fold to, and they are few.' },
  conversation: {
    kept: 'for ever',
    because: 'Its places and revisions prove what was posted and what a device lacks, and views are built from all of it.',
  },
  message: { kept: 'for ever', because: 'It goes as a whole: by its removal, or as a draft that was never posted.' },
  receipts: {
    kept: 'within a bound',
    because: 'A mark says all that the marks below it said, and there is one for hardly less than every message.',
    maxCount: 16,
    checkpoint: 'retention-receipts-1',
    truncateBefore: truncateReceiptsBefore,
  },
};

/** The category of a stream: what stands before its id. */
export const categoryOf = (stream: string): string => stream.slice(0, Math.max(0, stream.indexOf('-')));

/** Whether streams of this name may begin above revision 0. */
export const mayBeTruncated = (stream: string, table: RetentionTable = retention): boolean =>
  Object.hasOwn(table, categoryOf(stream)) && table[categoryOf(stream)]?.kept === 'within a bound';
