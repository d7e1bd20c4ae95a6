/**
 * What has become of one's own messages: sent, delivered, read. Marks say "up to here" and only grow, so one fact may
 * move many messages on.
 */
import type { Marks } from './wire.js';

export type Progress = 'sent' | 'delivered' | 'read';

export interface Step {
  readonly progress: Progress;
  readonly fromSeq: number;
  readonly toSeq: number;
}

export class OwnMessages {
  private readonly seqs: number[] = [];
  private deliveredSeq = 0;
  private readSeq = 0;

  /** Whether it was not known yet. */
  add(seq: number): boolean {
    if (this.seqs.includes(seq)) return false;
    this.seqs.push(seq);
    this.seqs.sort((one, other) => one - other);
    return true;
  }

  of(seq: number): Progress {
    if (seq <= this.readSeq) return 'read';
    return seq <= this.deliveredSeq ? 'delivered' : 'sent';
  }

  /** Takes in how far the other has got, and says which of the own messages that moved on. */
  advance({ deliveredSeq, readSeq }: Pick<Marks, 'deliveredSeq' | 'readSeq'>): Step | undefined {
    const before = this.seqs.map((seq) => this.of(seq));
    this.readSeq = Math.max(this.readSeq, readSeq);
    this.deliveredSeq = Math.max(this.deliveredSeq, deliveredSeq, readSeq);
    const moved = this.seqs.filter((seq, index) => this.of(seq) !== before[index]);
    const [fromSeq, toSeq] = [moved[0], moved.at(-1)];
    return fromSeq === undefined || toSeq === undefined ? undefined : { progress: this.of(toSeq), fromSeq, toSeq };
  }
}

export const lineOf = ({ progress, fromSeq, toSeq }: Step): string =>
  fromSeq === toSeq ? `#${fromSeq} ${progress}` : `#${fromSeq}-#${toSeq} ${progress}`;
