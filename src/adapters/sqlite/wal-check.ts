/**
 * Tells a write-ahead log that a power cut left unfinished from one that was damaged later. SQLite does not: it takes
 * the first frame that is not whole for the end, and forgets every commit behind it, acknowledged ones too (ADR 0026).
 * A frame is written when the transaction before it is on the disk; so a log that goes on behind a transaction that is
 * not whole was damaged, and so was a frame that is whole but for one bit. That holds for `synchronous = FULL` alone.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { StartRefused } from '../../application/ports/failures.js';

const MAGIC = 0x377f_0682;
const HEADER_BYTES = 32;
const HEADER_SUMMED_BYTES = 24;
const FRAME_HEADER_BYTES = 24;
const FRAME_SUMMED_BYTES = 8;
const SALTS_AT = 16;

type Sums = readonly [number, number];

/** Throws `StartRefused` for a log that lost what it once had. */
export function assertLogWhole(database: string): void {
  const damage = damageBeside(database);
  if (damage === undefined) return;
  throw new StartRefused(
    `${database}-wal is damaged (${damage}): what was acknowledged in it would be lost. Restore the folder from a backup, or remove the file and accept the loss.`,
  );
}

/**
 * Removes a database that can be built anew when its log is damaged: what SQLite would still take of the log may be
 * older than what a checkpoint has copied already, and the two together are no state that there ever was.
 */
export function discardIfDamaged(database: string): void {
  if (damageBeside(database) === undefined) return;
  for (const path of [database, `${database}-wal`, `${database}-shm`]) rmSync(path, { force: true });
}

function damageBeside(database: string): string | undefined {
  const path = `${database}-wal`;
  return existsSync(path) ? damageIn(readFileSync(path)) : undefined;
}

export function damageIn(log: Buffer): string | undefined {
  if (log.length < HEADER_BYTES) return undefined;
  const header = log.subarray(0, HEADER_BYTES);
  if (header.every((byte) => byte === 0)) return undefined;
  const isBig = header.readUInt32BE(0) === MAGIC + 1;
  const sums = summed([0, 0], header.subarray(0, HEADER_SUMMED_BYTES), isBig);
  if ((header.readUInt32BE(0) >>> 1) << 1 !== MAGIC || !isSum(sums, header, HEADER_SUMMED_BYTES)) return 'its header';
  return new Frames(log, isBig).damage(sums);
}

class Frames {
  private readonly frameBytes: number;
  private readonly count: number;

  constructor(
    private readonly log: Buffer,
    private readonly isBig: boolean,
  ) {
    this.frameBytes = FRAME_HEADER_BYTES + log.readUInt32BE(8);
    this.count = Math.floor((log.length - HEADER_BYTES) / this.frameBytes);
  }

  damage(sumsOfHeader: Sums): string | undefined {
    let sums = sumsOfHeader;
    for (let at = 0; at < this.count; at += 1) {
      const next = this.sumsAfter(at, sums);
      if (!this.isCurrent(at) || !isSum(next, this.frame(at), SALTS_AT)) {
        const isDamaged = this.goesOnBehind(at) || (this.endsBehind(at) && this.isWholeButForABit(at, sums));
        return isDamaged ? `frame ${at + 1} of ${this.count}` : undefined;
      }
      sums = next;
    }
    return undefined;
  }

  private frame(at: number): Buffer {
    const from = HEADER_BYTES + at * this.frameBytes;
    return this.log.subarray(from, from + this.frameBytes);
  }

  /** Frames from before the log began anew have other salts. */
  private isCurrent(at: number): boolean {
    return this.frame(at).subarray(8, SALTS_AT).equals(this.log.subarray(SALTS_AT, HEADER_SUMMED_BYTES));
  }

  private sumsAfter(at: number, before: Sums): Sums {
    const frame = this.frame(at);
    return summed(
      summed(before, frame.subarray(0, FRAME_SUMMED_BYTES), this.isBig),
      frame.subarray(FRAME_HEADER_BYTES),
      this.isBig,
    );
  }

  /** Whether a commit stands at this frame or behind it, and another frame behind that. */
  private goesOnBehind(at: number): boolean {
    let hasCommit = false;
    for (let later = at; later < this.count; later += 1) {
      if (!this.isCurrent(later)) continue;
      if (hasCommit) return true;
      hasCommit = this.frame(later).readUInt32BE(4) !== 0;
    }
    return false;
  }

  /**
   * Whether the transaction of this frame has its commit. Of one that has none nothing was told, and the page that its
   * frame was to overwrite may well differ by a bit.
   */
  private endsBehind(at: number): boolean {
    for (let later = at; later < this.count && (later === at || this.isCurrent(later)); later += 1) {
      if (this.frame(later).readUInt32BE(4) !== 0) return true;
    }
    return false;
  }

  private isWholeButForABit(at: number, before: Sums): boolean {
    const frame = this.frame(at);
    const salts = bitsApart(frame.subarray(8, SALTS_AT), this.log.subarray(SALTS_AT, HEADER_SUMMED_BYTES));
    const sums = this.sumsAfter(at, before);
    const stored: Sums = [frame.readUInt32BE(SALTS_AT), frame.readUInt32BE(SALTS_AT + 4)];
    if (salts > 0) return salts === 1 && sums[0] === stored[0] && sums[1] === stored[1];
    const apart = ones(sums[0] ^ stored[0]) + ones(sums[1] ^ stored[1]);
    return apart === 1 || this.hasBitFor([(stored[0] - sums[0]) >>> 0, (stored[1] - sums[1]) >>> 0], frame);
  }

  /** The sums are linear: a bit adds its value times a factor that depends on its place alone. */
  private hasBitFor([wanted0, wanted1]: Sums, frame: Buffer): boolean {
    const bytes = Buffer.concat([frame.subarray(0, FRAME_SUMMED_BYTES), frame.subarray(FRAME_HEADER_BYTES)]);
    const words = bytes.length / 4;
    // What one more in a word of a pair makes of the two sums, for the last pair; each earlier pair goes through one more step.
    let [even0, even1, odd0, odd1] = [1, 1, 0, 1];
    for (let pair = words - 2; pair >= 0; pair -= 2) {
      for (const [word, by0, by1] of [
        [pair, even0, even1],
        [pair + 1, odd0, odd1],
      ] as const) {
        const value = this.isBig ? bytes.readUInt32BE(word * 4) : bytes.readUInt32LE(word * 4);
        for (let bit = 0; bit < 32; bit += 1) {
          const change = (value >>> bit) & 1 ? -(2 ** bit) : 2 ** bit;
          if (Math.imul(change, by0) >>> 0 === wanted0 && Math.imul(change, by1) >>> 0 === wanted1) return true;
        }
      }
      [even0, even1] = stepped(even0, even1);
      [odd0, odd1] = stepped(odd0, odd1);
    }
    return false;
  }
}

const stepped = (sum0: number, sum1: number): [number, number] => {
  const next = (sum0 + sum1) >>> 0;
  return [next, (sum1 + next) >>> 0];
};

/** SQLite's own sums over pairs of 32-bit words. */
function summed([first, second]: Sums, bytes: Buffer, isBig: boolean): Sums {
  let [sum0, sum1] = [first, second];
  for (let at = 0; at < bytes.length; at += 8) {
    sum0 = (sum0 + sum1 + (isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at))) >>> 0;
    sum1 = (sum1 + sum0 + (isBig ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4))) >>> 0;
  }
  return [sum0, sum1];
}

const isSum = ([sum0, sum1]: Sums, bytes: Buffer, at: number): boolean =>
  bytes.readUInt32BE(at) === sum0 && bytes.readUInt32BE(at + 4) === sum1;

function ones(word: number): number {
  let count = 0;
  for (let left = word >>> 0; left > 0; left = (left & (left - 1)) >>> 0) count += 1;
  return count;
}

const bitsApart = (one: Buffer, other: Buffer): number => one.reduce((sum, byte, at) => sum + ones(byte ^ (other[at] ?? 0)), 0);
