/**
 * The one writer of a database file. All work that gathers while the process is busy elsewhere, or with the commit before,
 * is committed together: one flush to the disk carries everybody, and nobody waits for a timer (ADR 0011).
 * A promise resolves only after COMMIT has returned.
 */
import { OutcomeUnknown, Unavailable } from '../../application/ports/failures.js';
import type { Connection } from './sqlite-database.js';

/** Who keeps state in memory that must change with the transaction, or not at all. */
export interface Participant {
  /** The last moment to write something of its own into the transaction. */
  beforeCommit(): void;
  committed(): void;
  rolledBack(): void;
  closed(): void;
}

interface Work {
  readonly what: string;
  readonly run: () => unknown;
  readonly bytes: number;
  readonly resolve: (outcome: unknown) => void;
  readonly reject: (failure: Error) => void;
  outcome?: unknown;
}

export type Failure = 'not-done' | 'unknown';

/** Bounds the pause that one commit makes; what is left over goes into the next one. */
const BATCH_BYTES_MAX = 2 * 1_024 * 1_024;
const WORK_BYTES = 256;

/** Is told of each commit after it: how much it carried and how long it took. */
export interface CommitObserver {
  /** Asked before a commit; what it answers is handed back after it. */
  began(): number;
  committed(works: number, startedMs: number): void;
  failed(failure: Failure): void;
}

export class SqliteWriter {
  private waiting: Work[] = [];
  private scheduled = false;
  private closed = false;
  private readonly participants: Participant[] = [];
  private readonly begin;
  private readonly commit;
  private readonly rollback;

  constructor(
    readonly connection: Connection,
    private readonly observer?: CommitObserver,
  ) {
    this.begin = connection.prepare('BEGIN IMMEDIATE');
    this.commit = connection.prepare('COMMIT');
    this.rollback = connection.prepare('ROLLBACK');
  }

  join(participant: Participant): void {
    this.participants.push(participant);
  }

  /** Runs the work inside the next transaction, in the order of submission, and answers what it returned once that is on disk. */
  submit<Outcome>(what: string, run: () => Outcome, bytes = 0): Promise<Outcome> {
    if (this.closed) return Promise.reject(new Unavailable(`${what} failed: the database is closed.`));
    return new Promise((resolve, reject) => {
      this.waiting.push({ what, run, bytes, resolve: resolve as (outcome: unknown) => void, reject });
      this.schedule();
    });
  }

  /** Commits what is waiting and closes the file. A second time changes nothing. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    try {
      while (this.waiting.length > 0) this.flush();
    } finally {
      this.connection.close();
      for (const participant of this.participants) participant.closed();
    }
  }

  /** `setImmediate` comes after all input that has arrived: a batch is whatever the last commit made wait. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (this.waiting.length > 0) this.flush();
      if (this.waiting.length > 0) this.schedule();
    });
  }

  private flush(): void {
    const batch = this.take();
    const startedMs = this.observer?.began() ?? 0;
    const failed = this.transact(batch);
    if (failed === undefined) this.observer?.committed(batch.length, startedMs);
    else this.observer?.failed(failed.failure);
    for (const work of batch) {
      if (failed === undefined) work.resolve(work.outcome);
      else work.reject(failureOf(work, failed));
    }
    for (const participant of this.participants) failed === undefined ? participant.committed() : participant.rolledBack();
  }

  private take(): readonly Work[] {
    let bytes = 0;
    let count = 0;
    for (const work of this.waiting) {
      bytes += work.bytes + WORK_BYTES;
      if (bytes > BATCH_BYTES_MAX && count > 0) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }

  private transact(batch: readonly Work[]): { readonly failure: Failure; readonly cause: unknown } | undefined {
    try {
      this.begin.run();
      for (const work of batch) work.outcome = work.run();
      for (const participant of this.participants) participant.beforeCommit();
    } catch (cause) {
      return { failure: this.undo(), cause };
    }
    try {
      this.commit.run();
      return undefined;
    } catch (cause) {
      const undone = this.undo();
      return { failure: wroteNothing(cause) ? undone : 'unknown', cause };
    }
  }

  private undo(): Failure {
    try {
      if (this.connection.inTransaction) this.rollback.run();
      return 'not-done';
    } catch {
      return 'unknown';
    }
  }
}

/** A commit that met a lock or a full disk left no commit record; after any other error the record may be in the log already. */
function wroteNothing(cause: unknown): boolean {
  const code = (cause as { code?: unknown }).code;
  return typeof code === 'string' && /^SQLITE_(BUSY|LOCKED|FULL)/.test(code);
}

function failureOf(work: Work, { failure, cause }: { readonly failure: Failure; readonly cause: unknown }): Error {
  return failure === 'not-done'
    ? new Unavailable(`${work.what} failed and was undone.`, { cause })
    : new OutcomeUnknown(`${work.what} failed at the commit.`, { cause });
}
