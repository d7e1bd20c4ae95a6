/**
 * TABLE ports: the record of all that Sottovoce needs from the outside, and which adapters stand behind each.
 * The parity test holds the tree to it: every port has its contract and at least two adapters under it (ADR 0009).
 */
import type { Clock } from './clock.js';
import type { CodeSender } from './code-sender.js';
import type { Credentials } from './credentials.js';
import type { Directory } from './directory.js';
import type { EventFeed } from './event-feed.js';
import type { EventStore } from './event-store.js';
import type { IdSource } from './id-source.js';
import type { IdempotencyLedger } from './idempotency-ledger.js';
import type { KeyProofs } from './key-proofs.js';
import type { PostedIndex } from './posted-index.js';
import type { RateLimiter } from './rate-limiter.js';
import type { RootKeys } from './root-keys.js';
import type { Snapshots } from './snapshots.js';
import type { SubjectKeys } from './subject-keys.js';

export interface Ports {
  readonly eventStore: EventStore;
  readonly eventFeed: EventFeed;
  readonly keys: SubjectKeys;
  readonly rootKeys: RootKeys;
  readonly postedIndex: PostedIndex;
  readonly directory: Directory;
  readonly credentials: Credentials;
  readonly codeSender: CodeSender;
  readonly rateLimiter: RateLimiter;
  readonly idempotencyLedger: IdempotencyLedger;
  readonly keyProofs: KeyProofs;
  /** A cache: whoever has none folds from the start. */
  readonly snapshots?: Snapshots;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** Paths under `src/adapters`, or under `test/support` for the two ports whose second adapter is for tests. */
export const adapters = {
  EventStore: {
    contract: 'event-store',
    inMemory: 'in-memory/in-memory-event-store.ts',
    embedded: 'sqlite/sqlite-event-store.ts',
  },
  EventFeed: { contract: 'event-feed', inMemory: 'in-memory/in-memory-event-feed.ts', embedded: 'sqlite/sqlite-event-feed.ts' },
  SubjectKeys: {
    contract: 'subject-keys',
    inMemory: 'in-memory/in-memory-subject-keys.ts',
    embedded: 'sqlite/sqlite-subject-keys.ts',
  },
  RootKeys: { contract: 'root-keys', inMemory: 'in-memory/in-memory-root-keys.ts', embedded: 'files/file-root-keys.ts' },
  PostedIndex: {
    contract: 'posted-index',
    inMemory: 'in-memory/in-memory-posted-index.ts',
    embedded: 'sqlite/sqlite-posted-index.ts',
  },
  Directory: { contract: 'directory', inMemory: 'in-memory/in-memory-directory.ts', embedded: 'sqlite/sqlite-directory.ts' },
  Credentials: {
    contract: 'credentials',
    inMemory: 'in-memory/in-memory-credentials.ts',
    embedded: 'sqlite/sqlite-credentials.ts',
  },
  CodeSender: { contract: 'code-sender', inMemory: 'in-memory/in-memory-code-sender.ts', embedded: 'log/log-code-sender.ts' },
  RateLimiter: {
    contract: 'rate-limiter',
    inMemory: 'in-memory/in-memory-rate-limiter.ts',
    embedded: 'sqlite/sqlite-rate-limiter.ts',
  },
  IdempotencyLedger: {
    contract: 'idempotency-ledger',
    inMemory: 'in-memory/in-memory-idempotency-ledger.ts',
    embedded: 'sqlite/sqlite-idempotency-ledger.ts',
  },
  Snapshots: { contract: 'snapshots', inMemory: 'in-memory/in-memory-snapshots.ts', embedded: 'sqlite/sqlite-snapshots.ts' },
  Clock: { contract: 'clock', inMemory: 'test-clock.ts', embedded: 'system/system-clock.ts' },
  IdSource: { contract: 'id-source', inMemory: 'counting-id-source.ts', embedded: 'system/uuid-id-source.ts' },
  Views: { contract: 'views', inMemory: 'in-memory/in-memory-views.ts', embedded: 'sqlite/sqlite-views.ts' },
  ProjectionWriter: {
    contract: 'projection-writer',
    inMemory: 'in-memory/in-memory-views.ts',
    embedded: 'sqlite/sqlite-projection-writer.ts',
  },
  ViewBuilds: {
    contract: 'view-builds',
    inMemory: 'in-memory/in-memory-views.ts',
    embedded: 'sqlite/sqlite-view-builds.ts',
  },
  /** A pure function of its inputs: one adapter is both. */
  KeyProofs: { contract: 'key-proofs', inMemory: 'crypto/node-key-proofs.ts', embedded: 'crypto/node-key-proofs.ts' },
} as const;
