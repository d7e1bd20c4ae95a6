/**
 * Between the domain and the store: seals the personal fields of new events, and brings stored ones to their latest
 * shape with their personal fields left sealed. Deciding and projecting open nothing; a read opens what it shows.
 */
import type { DomainEvent } from '../domain/kernel/decider.js';
import type { Envelope } from '../domain/kernel/envelope.js';
import type { AccountId, CorrelationId, EventId } from '../domain/kernel/ids.js';
import type { Instant } from '../domain/kernel/instant.js';
import { isErased, isSealed } from '../domain/kernel/personal.js';
import type { PersonalField, StoredDomainEvent } from './event-catalogue.js';
import { eventCatalogue } from './event-catalogue.js';
import type { NewEvent, StoredEvent } from './ports/event-store.js';
import { STREAM_REMOVED } from './ports/event-store.js';
import type { SealRequest, Subject, SubjectKeys } from './ports/subject-keys.js';

export interface EventDraft {
  readonly event: StoredDomainEvent;
  readonly stream: string;
  readonly id: EventId;
  readonly recordedAt: Instant;
  readonly correlationId: CorrelationId;
  readonly causationId?: EventId;
  /** Whose content this is, for events that belong to the one who acts. */
  readonly actor?: AccountId;
}

interface PersonalRule {
  readonly path: string;
  readonly field: PersonalField;
}

interface EventRule {
  readonly version: number;
  readonly feedKey: string;
  readonly personal: readonly PersonalRule[];
}

const rules = new Map<string, EventRule>(
  Object.entries(eventCatalogue).map(([type, { version, feedKey, fields }]) => {
    const personal = Object.entries(fields as Record<string, string | PersonalField>).flatMap(([path, field]) =>
      typeof field === 'string' ? [] : [{ path, field }],
    );
    return [type, { version, feedKey, personal }];
  }),
);

function ruleOf(type: string): EventRule {
  const rule = rules.get(type);
  if (rule === undefined) throw new Error(`The event type ${type} is not in the catalogue: this code is older than the store`);
  return rule;
}

/** Where an event is ordered: the value of the field that the catalogue names. */
const feedKeyOf = (rule: EventRule, data: Record<string, unknown>): string => data[rule.feedKey] as string;

function sealRequest(draft: EventDraft, rule: PersonalRule, value: unknown): SealRequest {
  const data = draft.event.data as Record<string, unknown>;
  const subject = rule.field.whose === 'actor' ? draft.actor : data[rule.field.whose];
  if (typeof subject !== 'string') throw new Error(`${draft.event.type}.${rule.path} was written without saying whose it is`);
  return {
    subject: subject as Subject,
    scope: rule.field.personal,
    context: rule.field.context === 'conversation' ? (data.conversationId as string) : draft.stream,
    eventType: draft.event.type,
    eventId: draft.id,
    fieldPath: rule.path,
    value,
    padded: rule.field.padded,
  };
}

export class EventCodec {
  /** Several consumers follow the log closely, and are handed the same events. */
  private readonly decoded = new WeakMap<StoredEvent, Envelope<StoredDomainEvent>>();

  constructor(private readonly keys: Pick<SubjectKeys, 'seal'>) {}

  /** One answer per draft, in order: the event as it is stored, or why its subject can no longer be written for. */
  async encode(drafts: readonly EventDraft[]): Promise<readonly (NewEvent | 'fenced' | 'erased')[]> {
    const requests: SealRequest[] = [];
    const owners: { readonly draft: number; readonly path: string }[] = [];
    const datas = drafts.map((draft) => ({ ...draft.event.data }) as Record<string, unknown>);
    for (const [index, draft] of drafts.entries()) {
      for (const rule of ruleOf(draft.event.type).personal) {
        const value = datas[index]![rule.path];
        if (value === undefined) continue;
        if (isSealed(value) || isErased(value)) throw new Error(`${draft.event.type}.${rule.path} would be sealed twice`);
        requests.push(sealRequest(draft, rule, value));
        owners.push({ draft: index, path: rule.path });
      }
    }
    const refused = new Map<number, 'fenced' | 'erased'>();
    const sealed = requests.length === 0 ? [] : await this.keys.seal(requests);
    for (const [index, outcome] of sealed.entries()) {
      const owner = owners[index]!;
      if (typeof outcome === 'string') refused.set(owner.draft, outcome);
      else datas[owner.draft]![owner.path] = outcome;
    }
    return drafts.map((draft, index) => refused.get(index) ?? toRecord(draft, datas[index]!));
  }

  /** The event in its latest shape. Throws for a type that this code does not know: skipping would be losing. */
  decode(stored: StoredEvent): Envelope<StoredDomainEvent> {
    const known = this.decoded.get(stored);
    if (known !== undefined) return known;
    const event = decodedOf(stored);
    this.decoded.set(stored, event);
    return event;
  }

  /** As `decode`, for readers of the whole feed, who also meet the records of removed streams. */
  decodeFeed(stored: StoredEvent): Envelope<DomainEvent> {
    if (stored.type !== STREAM_REMOVED) return this.decode(stored);
    return { type: stored.type, data: JSON.parse(stored.data), meta: metaOf(stored) };
  }
}

function decodedOf(stored: StoredEvent): Envelope<StoredDomainEvent> {
  const { type, schemaVersion } = stored;
  const rule = ruleOf(type);
  if (schemaVersion > rule.version) {
    throw new Error(`${type} has schema version ${schemaVersion}, this code knows ${rule.version}: it is older than the store`);
  }
  return { type, data: JSON.parse(stored.data), meta: metaOf(stored) } as Envelope<StoredDomainEvent>;
}

/** Name by name: to leave two names out of an object costs more than the rest of decoding. */
function metaOf(stored: StoredEvent): Envelope['meta'] {
  const { position, revision, id, schemaVersion, recordedAt, feedKey, correlationId, causationId } = stored;
  const meta = { position, stream: stored.stream, revision, id, schemaVersion, recordedAt, feedKey, correlationId };
  return causationId === undefined ? meta : { ...meta, causationId };
}

function toRecord(draft: EventDraft, data: Record<string, unknown>): NewEvent {
  const rule = ruleOf(draft.event.type);
  return {
    id: draft.id,
    type: draft.event.type,
    schemaVersion: rule.version,
    recordedAt: draft.recordedAt,
    feedKey: feedKeyOf(rule, data),
    correlationId: draft.correlationId,
    ...(draft.causationId === undefined ? {} : { causationId: draft.causationId }),
    data: JSON.stringify(data),
  };
}
