/**
 * Keeps the states of long conversations, so that loading one reads the tail only. A state is noted when it is learnt and
 * written later, by a process in the background: never before its events are on disk, never while somebody waits for an
 * ack. A snapshot is believed only if the log has its very event at its revision (ADR 0027).
 */
import type { Conversation, OpenConversation } from '../domain/conversation/conversation.js';
import type { ConversationId } from '../domain/kernel/ids.js';
import { aggregates } from './aggregates.js';
import type { Loaded } from './load-stream.js';
import type { EventStore } from './ports/event-store.js';
import type { Snapshots } from './ports/snapshots.js';

/**
 * A stored name: it changes whenever the state of a conversation, or what is folded into it, does. The golden states in
 * test/golden hold it to that.
 */
export const CONVERSATION_SCHEMA = 'conversation.v2';

/** A snapshot is due whenever so many events have come. */
export const SNAPSHOT_EVERY_EVENTS = 500;
/** More conversations than this are not waited for: those noted first go without. */
const NOTED_MAX = 2_000;

interface SnapshotDeps {
  readonly eventStore: Pick<EventStore, 'readStream'>;
  readonly snapshots: Snapshots;
}

export class ConversationSnapshots {
  private readonly noted = new Map<ConversationId, Loaded<Conversation>>();

  constructor(private readonly deps: SnapshotDeps) {}

  /** Costs nothing: whoever learns a state may be on the way to an ack. */
  note(id: ConversationId, fromRevision: number, loaded: Loaded<Conversation>): void {
    const passed = (revision: number) => Math.floor((revision + 1) / SNAPSHOT_EVERY_EVENTS);
    if (loaded.state.status !== 'open' || passed(loaded.revision) <= passed(fromRevision)) return;
    this.noted.delete(id);
    this.noted.set(id, loaded);
    const [oldest] = this.noted.keys();
    if (this.noted.size > NOTED_MAX && oldest !== undefined) this.noted.delete(oldest);
  }

  /** The newest state that is kept and that the log bears out. */
  async read(id: ConversationId): Promise<Loaded<Conversation> | undefined> {
    const stream = aggregates.conversation.stream(id);
    // It is a cache: whatever keeps it from being read, the log says the same.
    const found = await this.deps.snapshots.read(stream, CONVERSATION_SCHEMA).catch(() => undefined);
    if (found === undefined) return undefined;
    const state = parsed(found.state);
    if (state === undefined || state.conversationId !== id) return undefined;
    const slice = await this.deps.eventStore.readStream(stream, found.revision, 1);
    const isBorneOut = slice.status === 'found' && slice.events[0]?.id === found.eventId;
    return isBorneOut ? { state, revision: found.revision } : undefined;
  }

  /** Writes what is due, at most so many. Answers how many were written. */
  async write(max: number): Promise<number> {
    let written = 0;
    for (const [id, { state, revision }] of [...this.noted].slice(0, max)) {
      this.noted.delete(id);
      const stream = aggregates.conversation.stream(id);
      // What the store answers is on disk.
      const slice = await this.deps.eventStore.readStream(stream, revision, 1);
      const [last] = slice.status === 'found' ? slice.events : [];
      if (last === undefined || state.status !== 'open') continue;
      const snapshot = { stream, revision, eventId: last.id, schema: CONVERSATION_SCHEMA, state: stored(state) };
      await this.deps.snapshots.keep(snapshot);
      written += 1;
    }
    return written;
  }

  async forget(id: ConversationId): Promise<void> {
    this.noted.delete(id);
    await this.deps.snapshots.forget(aggregates.conversation.stream(id));
  }
}

/** The members keep their order: who joined first inherits. */
export const stored = ({ members, ...rest }: OpenConversation): string =>
  JSON.stringify({ ...rest, members: [...members].map(([memberId, { role, joinedSeq }]) => [memberId, role, joinedSeq]) });

type StoredMember = readonly [memberId: string, role: string, joinedSeq: number];

function parsed(text: string): OpenConversation | undefined {
  try {
    const { members, ...rest } = JSON.parse(text);
    const entry = ([id, role, joinedSeq]: StoredMember) => [id, { role, joinedSeq }] as const;
    return { ...rest, members: new Map(members.map(entry)) };
  } catch {
    return undefined;
  }
}
