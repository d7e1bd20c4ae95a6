import type { DomainEvent } from './decider.js';
import type { CorrelationId, EventId } from './ids.js';
import type { Instant } from './instant.js';

/** Metadata is a closed list: nothing else may travel with an event, and none of it says anything about a person. */
export interface Metadata {
  readonly id: EventId;
  readonly schemaVersion: number;
  readonly recordedAt: Instant;
  /** Order holds among the events of one feed key. */
  readonly feedKey: string;
  /** Random, minted by the server for each command. */
  readonly correlationId: CorrelationId;
  readonly causationId?: EventId;
}

/** Where a stored event lies. Revisions of a stream are dense, from 0 or from where it was truncated; positions of the store increase, with gaps. */
export interface Place {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
}

/** A stored event with its metadata, in its latest shape, its personal fields still sealed. */
export type Envelope<Event extends DomainEvent = DomainEvent> = Event & { readonly meta: Metadata & Place };

/** The record that the removal of a stream leaves in the feed. */
export type StreamRemoved = { readonly type: '$stream-removed'; readonly data: { readonly stream: string } };
