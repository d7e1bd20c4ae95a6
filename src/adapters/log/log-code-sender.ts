/**
 * The code sender of a development machine: a log line and a file `<folder>/<verificationId>` instead of a message.
 * It never writes the number or the address. The folder holds codes for ten minutes and is empty before and after.
 * An e-mail address under `.invalid` is undeliverable, as it is everywhere (RFC 2606).
 */
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../application/ports/clock.js';
import type { CodeMessage, CodeSender } from '../../application/ports/code-sender.js';
import { Unavailable } from '../../application/ports/failures.js';
import type { IdentifierKind } from '../../domain/account/events.js';
import { isUuid, type VerificationId } from '../../domain/kernel/ids.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { limits } from '../../domain/kernel/limits.js';

export interface CodeLine {
  readonly verificationId: VerificationId;
  readonly kind: IdentifierKind;
  readonly code?: string;
  readonly expiresAt: Instant;
}

export interface LogCodeSenderOptions {
  /** Made if need be, for its owner alone; files that no code sender wrote stay as they are. */
  readonly folder: string;
  readonly log: (line: CodeLine) => void;
  readonly clock: Clock;
}

/** A file is gone at most this much later than its code. */
const SWEEP_EVERY_MS = 10_000;
/** A file is written under this name first, so that whoever waits for it never reads half a code. */
const UNFINISHED = '.unfinished';

export class LogCodeSender implements CodeSender {
  /** When each file is due to go, on the monotonic clock. */
  private readonly dueMs = new Map<VerificationId, number>();
  private readonly writing = new Set<Promise<void>>();
  private readonly closing = new AbortController();
  private readonly sweeping: Promise<void>;

  private constructor(private readonly options: LogCodeSenderOptions) {
    this.sweeping = this.sweep();
  }

  static async open(options: LogCodeSenderOptions): Promise<LogCodeSender> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    await chmod(options.folder, 0o700);
    await empty(options.folder);
    return new LogCodeSender(options);
  }

  async send({ verificationId, identifier, code, expiresAt }: CodeMessage): Promise<'sent' | 'undeliverable'> {
    if (!isUuid(verificationId)) throw new Error('A verification id is a UUID: it becomes the name of a file.');
    if (this.closing.signal.aborted) throw new Unavailable(`Sending the code of verification ${verificationId}: closed.`);
    if (identifier.kind === 'email' && identifier.value.endsWith('.invalid')) return 'undeliverable';
    const writing = this.write(verificationId, code);
    this.writing.add(writing);
    try {
      await writing;
    } catch (cause) {
      throw new Unavailable(`Writing the code of verification ${verificationId} into its folder failed.`, { cause });
    } finally {
      this.writing.delete(writing);
    }
    this.options.log({ verificationId, kind: identifier.kind, code, expiresAt });
    return 'sent';
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.allSettled([this.sweeping, ...this.writing]);
    await empty(this.options.folder);
  }

  private async write(verificationId: VerificationId, code: string): Promise<void> {
    const path = join(this.options.folder, verificationId);
    this.dueMs.set(verificationId, this.options.clock.monotonicMs() + limits.codeLifeMs);
    await writeFile(path + UNFINISHED, `${code}\n`, { mode: 0o600 });
    await rename(path + UNFINISHED, path);
  }

  private async sweep(): Promise<void> {
    const { clock, folder } = this.options;
    const { signal } = this.closing;
    while (!signal.aborted) {
      await clock.wait(SWEEP_EVERY_MS, signal);
      for (const [verificationId, dueMs] of this.dueMs) {
        if (clock.monotonicMs() < dueMs) continue;
        const path = join(folder, verificationId);
        // What could not be removed is tried again with the next sweep.
        const removals = await Promise.allSettled([rm(path, { force: true }), rm(path + UNFINISHED, { force: true })]);
        if (removals.every(({ status }) => status === 'fulfilled')) this.dueMs.delete(verificationId);
      }
    }
  }
}

/** Removes what a code sender wrote and nothing else; a folder that is gone is empty. */
async function empty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) if (isUuid(name.replace(UNFINISHED, ''))) await rm(join(folder, name), { force: true });
}
