/**
 * What the two doors say, as somebody outside the server reads it: answers are open, so nothing is expected but what is
 * used, and unknown kinds of facts and messages are survived.
 */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly triesLeft?: number;
}

/** The server understood and said no. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(readonly problem: Problem) {
    super(`${problem.title} (${problem.code})`);
  }
}

/** No answer came: it is not known whether anything was done. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

export const codeOf = (error: unknown): string | undefined => (error instanceof Refused ? error.problem.code : undefined);

export interface Fact {
  readonly type: string;
  readonly scope: string;
  readonly revision?: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Content {
  readonly type: string;
  readonly text?: string;
  readonly memberId?: string;
  readonly accountId?: string;
  readonly [field: string]: unknown;
}

export interface Message {
  readonly messageId?: string;
  readonly conversationId: string;
  readonly seq: number;
  readonly class: string;
  readonly senderId?: string;
  readonly postedAt?: string;
  readonly state: string;
  readonly content?: Content;
  readonly commitment?: string;
}

export interface Outgoing {
  readonly conversationId: string;
  readonly messageId: string;
  readonly content: Content;
  readonly commitment?: string;
}

export interface MessageAck {
  readonly messageId: string;
  readonly seq: number;
  readonly postedAt: string;
  readonly revision: number;
}

export interface Member {
  readonly memberId: string;
  readonly accountId?: string;
  readonly role: string;
}

export interface Marks {
  readonly memberId: string;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

export interface Conversation {
  readonly conversationId: string;
  readonly kind: string;
  readonly title?: string;
  readonly lastSeq: number;
  readonly unread: number;
  readonly membership: { readonly memberId: string; readonly state: string; readonly fromSeq: number };
}

export interface Range {
  readonly conversationId: string;
  readonly fromSeq: number;
  readonly toSeq: number;
}

export interface SyncPage {
  readonly items: readonly Fact[];
  readonly limited?: readonly Range[];
  readonly cursor: string;
  readonly caughtUp: boolean;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextPageToken?: string;
  readonly previousPageToken?: string;
}
