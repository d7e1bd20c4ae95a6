/**
 * The states of conversations that this process has lately decided on. A state here may be stale: that shows as a wrong
 * expected revision, and no refusal is answered before it was decided again on the stream's head.
 */
import type { Conversation } from '../domain/conversation/conversation.js';
import { conversation } from '../domain/conversation/conversation.js';
import type { ConversationEvent } from '../domain/conversation/events.js';
import { fold } from '../domain/kernel/decider.js';
import type { ConversationId } from '../domain/kernel/ids.js';
import { aggregates } from './aggregates.js';
import { ConversationSnapshots } from './conversation-snapshots.js';
import type { EventCodec } from './event-codec.js';
import type { Loaded } from './load-stream.js';
import { loadStream } from './load-stream.js';
import type { Clock } from './ports/clock.js';
import type { EventStore } from './ports/event-store.js';
import type { Snapshots } from './ports/snapshots.js';

export type LoadedConversation = Loaded<Conversation>;

interface Entry {
  readonly loaded: LoadedConversation;
  readonly asOfMs: number;
}

const NOTHING: LoadedConversation = { state: conversation.initial, revision: -1 };

export class ConversationStates {
  /** To be written by a process in the background. */
  readonly snapshots: ConversationSnapshots | undefined;
  /** How often a state was known, and how often the store was read instead. */
  readonly lookups = { hits: 0, misses: 0 };
  private readonly entries = new Map<ConversationId, Entry>();

  constructor(
    private readonly deps: {
      readonly eventStore: Pick<EventStore, 'readStream'>;
      readonly codec: EventCodec;
      readonly clock: Clock;
      /** Without one, a conversation that is not known is folded from its start. */
      readonly snapshots?: Snapshots;
    },
    private readonly entriesMax = 20_000,
  ) {
    const { eventStore, snapshots } = deps;
    this.snapshots = snapshots && new ConversationSnapshots({ eventStore, snapshots });
  }

  /** Any age; reads the store only when nothing is known. */
  async cached(id: ConversationId): Promise<LoadedConversation> {
    const entry = this.entries.get(id);
    this.lookups[entry === undefined ? 'misses' : 'hits'] += 1;
    if (entry === undefined) return this.head(id);
    this.remember(id, entry);
    return entry.loaded;
  }

  /** No older than the span. */
  async within(id: ConversationId, ageMsMax: number): Promise<LoadedConversation> {
    const entry = this.entries.get(id);
    const isYoung = entry !== undefined && this.deps.clock.monotonicMs() - entry.asOfMs <= ageMsMax;
    this.lookups[isYoung ? 'hits' : 'misses'] += 1;
    return isYoung ? entry.loaded : this.head(id);
  }

  /** The state at the stream's head, reading only the tail that is not known yet. */
  async head(id: ConversationId): Promise<LoadedConversation> {
    const asOfMs = this.deps.clock.monotonicMs();
    const known = this.entries.get(id)?.loaded ?? (await this.snapshots?.read(id)) ?? NOTHING;
    const loaded = await loadStream(this.deps, conversation, aggregates.conversation.stream(id), known);
    // A conversation is never removed while its keys live; what is gone is treated as never having been.
    if (loaded === 'removed') {
      this.entries.delete(id);
      await this.snapshots?.forget(id);
      return NOTHING;
    }
    this.snapshots?.note(id, known.revision, loaded);
    this.learn(id, loaded, asOfMs);
    return loaded;
  }

  /** What this process has just appended after `base`. */
  advance(id: ConversationId, base: LoadedConversation, events: readonly ConversationEvent[]): LoadedConversation {
    const state = fold(conversation, base.state, events);
    const loaded = { state, revision: base.revision + events.length };
    this.snapshots?.note(id, base.revision, loaded);
    this.learn(id, loaded, this.deps.clock.monotonicMs());
    return loaded;
  }

  private learn(id: ConversationId, loaded: LoadedConversation, asOfMs: number): void {
    const known = this.entries.get(id);
    if (loaded.revision < 0 || (known !== undefined && known.loaded.revision > loaded.revision)) return;
    this.remember(id, { loaded, asOfMs });
  }

  private remember(id: ConversationId, entry: Entry): void {
    this.entries.delete(id);
    this.entries.set(id, entry);
    if (this.entries.size <= this.entriesMax) return;
    const [oldest] = this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
  }
}
