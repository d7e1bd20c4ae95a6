/**
 * How far each conversation has been taken in. In a conversation every revision is exactly one fact, so a jump proves a
 * hole, and nothing else does. A fact without a revision is the latest of its kind and proves nothing.
 */
import type { Fact } from './wire.js';

export type Verdict = 'next' | 'repeat' | 'hole' | 'unnumbered';

/** Says how a conversation is, instead of all that led there; the facts that follow are counted from its revision. */
const SNAPSHOT = 'conversation-snapshot';

export class Revisions {
  /** `known` is kept by the caller, and changed here. */
  constructor(private readonly known: Record<string, number>) {}

  judge(fact: Fact, ownAccountId: string | undefined): Verdict {
    const { scope, revision } = fact;
    if (revision === undefined) return 'unnumbered';
    if (fact.type === SNAPSHOT) return 'next';
    const last = this.known[scope];
    if (last !== undefined && revision <= last) return 'repeat';
    if (begins(fact, ownAccountId)) return 'next';
    return last !== undefined && revision === last + 1 ? 'next' : 'hole';
  }

  /** Never goes back: what was taken in once is not taken in again. */
  take({ scope, revision }: Fact): void {
    const last = this.known[scope];
    if (revision !== undefined && (last === undefined || revision > last)) this.known[scope] = revision;
  }

  last(conversationId: string): number | undefined {
    return this.known[conversationId];
  }
}

/** Whoever is there from the start sees revision 0; whoever comes later, or again, sees from the own coming on. */
const begins = ({ type, revision, data }: Fact, ownAccountId: string | undefined): boolean =>
  revision === 0 || (type === 'member-added' && ownAccountId !== undefined && data.accountId === ownAccountId);
