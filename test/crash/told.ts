/**
 * What the clients of a crash programme asked for and were told. Whatever was told must be true for ever; what was asked
 * for and not answered may have happened once, or not at all.
 */
export interface Ack {
  readonly messageId: string;
  readonly seq: number;
  readonly postedAt: string;
  readonly revision: number;
}

export interface Sent {
  readonly conversationId: string;
  readonly messageId: string;
  readonly accountId: string;
  readonly text: string;
  tries: number;
  ack?: Ack;
  /** Refused for good; of a single try this means that it must not be there. */
  refused?: string;
}

export type Certainty = 'asked' | 'told';

export interface ToldDevice {
  readonly accountId: string;
  revoked?: Certainty;
}

export interface ToldTicket {
  readonly ticket: string;
  readonly accountId: string;
  readonly deviceId: string;
  readonly toldAtMs: number;
}

export class Told {
  /** The phone number of each account. */
  readonly accounts = new Map<string, string>();
  readonly devices = new Map<string, ToldDevice>();
  /** Titles of groups; nothing for a direct conversation. */
  readonly conversations = new Map<string, string | undefined>();
  readonly messages = new Map<string, Sent>();
  readonly removals = new Map<string, Certainty>();
  /** By conversation, then account: up to where each was told to have read. */
  readonly readMarks = new Map<string, Map<string, number>>();
  /** Members who were told to have been added, or to have left; a later change does not undo that there was one. */
  readonly memberships: { readonly conversationId: string; readonly accountId: string; readonly change: 'added' | 'left' }[] = [];
  readonly tickets: ToldTicket[] = [];
  /** Conversations whose last member was asked to leave: their titles may be erased. */
  readonly emptied = new Set<string>();
  readonly problems: string[] = [];

  acked(sent: Sent, ack: Ack): void {
    const before = sent.ack;
    sent.ack = ack;
    if (ack.messageId !== sent.messageId) this.problems.push(`The ack of ${sent.messageId} names ${ack.messageId}.`);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(ack)) {
      this.problems.push(`${sent.messageId} was acked as ${JSON.stringify(before)} and then as ${JSON.stringify(ack)}.`);
    }
  }

  readUpTo(conversationId: string, accountId: string, seq: number): void {
    const marks = this.readMarks.get(conversationId) ?? new Map<string, number>();
    this.readMarks.set(conversationId, marks.set(accountId, Math.max(seq, marks.get(accountId) ?? 0)));
  }

  get ackedCount(): number {
    return [...this.messages.values()].filter(({ ack }) => ack !== undefined).length;
  }
}
