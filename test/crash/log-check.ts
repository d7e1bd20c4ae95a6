/** The log in itself: positions ascend, revisions and places are dense, the index finds what the log holds, all seals open. */

import type { StoredDomainEvent } from '../../src/application/event-catalogue.js';
import { STREAM_REMOVED, type StoredEvent } from '../../src/application/ports/event-store.js';
import { mayBeTruncated } from '../../src/application/retention.js';
import type { Foundation } from '../../src/compose.js';
import type { Envelope } from '../../src/domain/kernel/envelope.js';
import { isErased, isSealed, type Sealed } from '../../src/domain/kernel/personal.js';
import type { Told } from './told.js';

const EVENTS_MAX = 1_000_000;

export interface ReadLog {
  readonly stored: readonly StoredEvent[];
  readonly byStream: ReadonlyMap<string, readonly StoredEvent[]>;
  /** Without the records of removed streams. */
  readonly events: readonly (Envelope<StoredDomainEvent> & {
    readonly meta: { readonly stream: string; readonly revision: number };
  })[];
  /** The values of the events' personal fields, by the seal. */
  readonly opened: ReadonlyMap<string, unknown>;
}

export async function readLog({ deps }: Foundation): Promise<ReadLog> {
  const stored = await deps.eventStore.readAll(0, EVENTS_MAX);
  const byStream = Map.groupBy(stored, ({ stream }) => stream);
  const events = stored.filter(({ type }) => type !== STREAM_REMOVED).map((event) => deps.codec.decode(event));
  const seals = events.flatMap(({ data }) => Object.values(data).filter((value): value is Sealed => isSealed(value)));
  const values = await deps.keys.open(seals);
  const opened = new Map(seals.map(({ sealed }, at) => [sealed, isErased(values[at]) ? undefined : values[at]!.value]));
  return { stored, byStream, events: events as ReadLog['events'], opened };
}

export async function logProblems({ deps }: Foundation, log: ReadLog, told: Told): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const [at, { position }] of log.stored.entries()) {
    if (at > 0 && position <= log.stored[at - 1]!.position) problems.push(`Position ${position} does not ascend.`);
  }
  const head = await deps.eventStore.headPosition();
  if (head !== (log.stored.at(-1)?.position ?? 0)) problems.push(`The head is ${head}, and the log does not end there.`);
  for (const [stream, events] of log.byStream) problems.push(...(await streamProblems(deps, stream, events)));
  problems.push(...placeProblems(log), ...sealProblems(log, told));
  return problems;
}

async function streamProblems(
  { eventStore }: Foundation['deps'],
  stream: string,
  events: readonly StoredEvent[],
): Promise<readonly string[]> {
  const slice = await eventStore.readStream(stream, 0, EVENTS_MAX);
  if (events.at(-1)?.type === STREAM_REMOVED) {
    return events.length === 1 && slice.status === 'removed'
      ? []
      : [`${stream} is removed, and ${events.length} events are left.`];
  }
  const first = mayBeTruncated(stream) ? (events[0]?.revision ?? 0) : 0;
  const holes = events.filter(({ revision }, at) => revision !== first + at).map(({ revision }) => revision);
  const isSame = slice.status === 'found' && JSON.stringify(slice.events) === JSON.stringify(events);
  return [
    ...(holes.length === 0 ? [] : [`${stream} has no dense revisions: ${holes}.`]),
    ...(isSame ? [] : [`${stream} is in the log and reads as ${slice.status}: the index differs.`]),
  ];
}

/** Places in a conversation are dense from 1; a message is posted once in all of them. */
function placeProblems({ events }: ReadLog): readonly string[] {
  const problems: string[] = [];
  const next = new Map<string, number>();
  const posted = new Set<string>();
  for (const { type, data, meta } of events) {
    if (type === 'MessagePosted' && posted.has(data.messageId)) problems.push(`${data.messageId} was posted twice.`);
    if (type === 'MessagePosted') posted.add(data.messageId);
    if (!['MessagePosted', 'MemberAdded', 'MemberLeft', 'MemberRemoved'].includes(type)) continue;
    const { seq } = data as { readonly seq: number };
    const wanted = (next.get(meta.stream) ?? 0) + 1;
    if (seq !== wanted) problems.push(`${meta.stream} has place ${seq} where ${wanted} is due.`);
    next.set(meta.stream, seq);
  }
  return problems;
}

/** Only the titles of conversations that everybody left may have lost their keys. */
function sealProblems({ events, opened }: ReadLog, { emptied }: Told): readonly string[] {
  return events.flatMap(({ type, data, meta }) =>
    Object.entries(data)
      .filter(([, value]) => isSealed(value) && opened.get(value.sealed) === undefined)
      .filter(() => !(type === 'ConversationCreated' && emptied.has(data.conversationId)))
      .map(([field]) => `The ${field} of ${type} ${meta.stream} ${meta.revision} does not open.`),
  );
}
