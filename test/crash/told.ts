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

/** One thing that somebody was told or asked for, as a process writes it down for whoever outlives it. */
export type Entry =
  | { readonly kind: 'account'; readonly accountId: string; readonly number: string }
  | { readonly kind: 'device'; readonly deviceId: string; readonly accountId: string }
  | { readonly kind: 'refresh'; readonly deviceId: string; readonly refreshToken: string }
  | { readonly kind: 'conversation'; readonly conversationId: string; readonly title?: string }
  | { readonly kind: 'sending'; readonly sent: Sent }
  | { readonly kind: 'ack'; readonly ack: Ack }
  | { readonly kind: 'removal'; readonly messageId: string; readonly certainty: Certainty }
  | { readonly kind: 'revocation'; readonly deviceId: string; readonly certainty: Certainty }
  | { readonly kind: 'read'; readonly conversationId: string; readonly accountId: string; readonly seq: number }
  | {
      readonly kind: 'membership';
      readonly conversationId: string;
      readonly accountId: string;
      readonly change: 'added' | 'left';
    }
  | { readonly kind: 'emptied'; readonly conversationId: string }
  | { readonly kind: 'ticket'; readonly ticket: ToldTicket };

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
  /** The token that a device holds. */
  readonly refreshTokens = new Map<string, string>();
  readonly problems: string[] = [];

  take(entry: Entry): void {
    if (entry.kind === 'account') this.accounts.set(entry.accountId, entry.number);
    if (entry.kind === 'device') this.devices.set(entry.deviceId, { accountId: entry.accountId });
    if (entry.kind === 'refresh') this.refreshTokens.set(entry.deviceId, entry.refreshToken);
    if (entry.kind === 'conversation') this.conversations.set(entry.conversationId, entry.title);
    if (entry.kind === 'sending') this.messages.set(entry.sent.messageId, { ...entry.sent });
    if (entry.kind === 'ack') this.acked(this.messages.get(entry.ack.messageId)!, entry.ack);
    if (entry.kind === 'removal') this.removals.set(entry.messageId, entry.certainty);
    if (entry.kind === 'revocation') this.devices.get(entry.deviceId)!.revoked = entry.certainty;
    if (entry.kind === 'read') this.readUpTo(entry.conversationId, entry.accountId, entry.seq);
    if (entry.kind === 'membership') this.memberships.push(entry);
    if (entry.kind === 'emptied') this.emptied.add(entry.conversationId);
    if (entry.kind === 'ticket') this.tickets.push(entry.ticket);
  }

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
