/**
 * Spans, written when what they tell of is over. A trace is named after the correlation id of its command, and the spans
 * of the door and of the command have ids taken from it: whoever later meets an event of the command finds the trace by
 * the event's own metadata. A span holds words of our tables and counts, and no id of anybody or anything (ADR 0030).
 */
import { randomBytes } from 'node:crypto';
import { type Attributes, ROOT_CONTEXT, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { CorrelationId } from '../../domain/kernel/ids.js';

export interface SpansOptions {
  /** Where an OTLP receiver takes spans over HTTP. */
  readonly url: string;
  /** The part of all traces that is kept; a trace is kept whole or not at all. */
  readonly ratio: number;
  readonly version: string;
}

export interface Told {
  readonly name: string;
  readonly correlationId: CorrelationId;
  /** Where in its trace it stands. */
  readonly place: 'door' | 'command' | 'below';
  /** By `performance.now()`. */
  readonly startedMs: number;
  readonly durationMs: number;
  readonly attributes: Attributes;
  readonly hasFailed?: boolean;
}

const ERROR = 2;
const SPAN_ID_BYTES = 8;
const SPAN_ID_DIGITS = 16;

const traceOf = (correlationId: string): string => correlationId.replaceAll('-', '');
const doorOf = (traceId: string): string => traceId.slice(0, SPAN_ID_DIGITS);
const commandOf = (traceId: string): string => traceId.slice(SPAN_ID_DIGITS);

export class Spans {
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;
  /** The ids of the span that is about to be started: starting is synchronous. */
  private next = { traceId: '', spanId: '' };

  constructor({ url, ratio, version }: SpansOptions) {
    this.provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'sottovoce', 'service.version': version }),
      sampler: new TraceIdRatioBasedSampler(ratio),
      idGenerator: { generateTraceId: () => this.next.traceId, generateSpanId: () => this.next.spanId },
      spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })],
    });
    this.tracer = this.provider.getTracer('sottovoce', version);
  }

  tell({ name, correlationId, place, startedMs, durationMs, attributes, hasFailed = false }: Told): void {
    const traceId = traceOf(correlationId);
    const own = { door: doorOf, command: commandOf, below: () => randomBytes(SPAN_ID_BYTES).toString('hex') }[place];
    this.next = { traceId, spanId: own(traceId) };
    const startTime = performance.timeOrigin + startedMs;
    const span = this.tracer.startSpan(name, { startTime, attributes, root: place === 'door' }, parentOf(place, traceId));
    if (hasFailed) span.setStatus({ code: ERROR });
    span.end(startTime + durationMs);
  }

  /** Sends what waits. */
  flush(): Promise<void> {
    return this.provider.forceFlush();
  }

  close(): Promise<void> {
    return this.provider.shutdown();
  }
}

function parentOf(place: Told['place'], traceId: string) {
  if (place === 'door') return ROOT_CONTEXT;
  const spanId = place === 'command' ? doorOf(traceId) : commandOf(traceId);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
}
