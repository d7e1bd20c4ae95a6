/**
 * From the door to the command: whoever is let in carries a note along, in which the command leaves its correlation id, so
 * that the span of the frame or request and that of its command are of one trace.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { CorrelationId } from '../../domain/kernel/ids.js';
import type { Spans } from './spans.js';

interface Note {
  correlationId?: CorrelationId;
}

export class DoorSpans {
  private readonly notes = new AsyncLocalStorage<Note>();

  constructor(private readonly spans: Spans) {}

  /** Everything that follows from here is of this entering. */
  entered(): object {
    const note: Note = {};
    this.notes.enterWith(note);
    return note;
  }

  command(name: string, outcome: string, durationMs: number, correlationId: CorrelationId): void {
    const note = this.notes.getStore();
    // The first command of a request gives the trace its name; a second one is a trace of its own.
    const isFirst = note !== undefined && note.correlationId === undefined;
    if (isFirst) note.correlationId = correlationId;
    this.tell(`command ${name}`, 'command', { correlationId, outcome, durationMs });
  }

  /** Ends with the reply. What ran no command, such as a read, is in no trace. */
  left(name: string, outcome: string, durationMs: number, note: object | undefined): void {
    const { correlationId } = (note ?? {}) as Note;
    if (correlationId !== undefined) this.tell(name, 'door', { correlationId, outcome, durationMs });
  }

  private tell(
    name: string,
    place: 'door' | 'command',
    { correlationId, outcome, durationMs }: { correlationId: CorrelationId; outcome: string; durationMs: number },
  ): void {
    const startedMs = performance.now() - durationMs;
    const hasFailed = outcome === 'failed' || outcome === 'internal' || outcome.startsWith('5');
    this.spans.tell({
      name,
      correlationId,
      place,
      startedMs,
      durationMs,
      attributes: { 'sottovoce.outcome': outcome },
      hasFailed,
    });
  }
}
