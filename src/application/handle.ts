/**
 * Load, fold, decide, append: written once. A lost race is decided again on the head, up to a deadline; a refusal and
 * an empty decision are answered only when they were decided on the head.
 */
import type { Decider, DomainEvent, Result } from '../domain/kernel/decider.js';
import { ok, rejected } from '../domain/kernel/decider.js';
import type { AccountId, EventId } from '../domain/kernel/ids.js';
import { limits } from '../domain/kernel/limits.js';
import { appendSurely } from './append-surely.js';
import type { StoredDomainEvent } from './event-catalogue.js';
import type { Loaded } from './load-stream.js';
import { loadStream } from './load-stream.js';
import type { ExpectedRevision, NewEvent } from './ports/event-store.js';
import type { AccountErased, Contended, Context, Deps } from './use-case.js';

const RETRY_PAUSE_MS = 10;

export type HandleDeps = Pick<Deps, 'eventStore' | 'codec' | 'clock' | 'ids'>;

export interface Target<Event extends DomainEvent, State> {
  readonly stream: string;
  /** Where to begin: a state in hand, or the decider's initial one at revision -1. */
  readonly known: Loaded<State>;
  /** Whose content the events carry, for those that belong to the one who acts. */
  readonly actor?: AccountId;
  /** `any` for aggregates that fold by maximum: they need no race. */
  readonly expected?: 'any';
  readonly appended?: (base: Loaded<State>, events: readonly Event[]) => void;
}

export interface Handled<Event, State> {
  readonly events: readonly Event[];
  readonly state: State;
  readonly revision: number;
  /** Of the last event written; absent when there was nothing to do. */
  readonly position?: number;
}

export async function handle<Command, Event extends StoredDomainEvent & DomainEvent, State, Rejection>(
  deps: HandleDeps,
  decider: Decider<Command, Event, State, Rejection>,
  target: Target<Event, State>,
  command: Command,
  context: Context,
): Promise<Result<Handled<Event, State>, Rejection | AccountErased | Contended>> {
  const deadlineMs = deps.clock.monotonicMs() + limits.sendDeadlineMs;
  let base = target.known;
  let isHead = false;
  for (;;) {
    const decided = decider.decide(command, base.state);
    if ((!decided.ok || decided.value.length === 0) && !isHead) {
      base = await headOf(deps, decider, target, base);
      isHead = true;
      continue;
    }
    if (!decided.ok) return decided;
    if (decided.value.length === 0) return ok({ events: [], state: base.state, revision: base.revision });
    const appended = await append(deps, target, base.revision, decided.value, deadlineMs, context);
    if (appended === 'erased') return rejected({ type: 'AccountErased' });
    if (appended !== 'lost') {
      target.appended?.(base, decided.value);
      return ok({ events: decided.value, state: decided.value.reduce(decider.evolve, base.state), ...appended });
    }
    if (deps.clock.monotonicMs() >= deadlineMs) return rejected({ type: 'Contended' });
    await deps.clock.wait(RETRY_PAUSE_MS * deps.ids.fraction());
    base = await headOf(deps, decider, target, base);
    isHead = true;
  }
}

async function headOf<Event extends StoredDomainEvent & DomainEvent, State>(
  deps: HandleDeps,
  decider: Decider<never, Event, State, unknown>,
  target: Target<Event, State>,
  known: Loaded<State>,
): Promise<Loaded<State>> {
  const loaded = await loadStream(deps, decider, target.stream, known);
  return loaded === 'removed' ? { state: decider.initial, revision: -1 } : loaded;
}

async function append(
  deps: HandleDeps,
  target: Pick<Target<DomainEvent, unknown>, 'stream' | 'actor' | 'expected'>,
  revision: number,
  events: readonly StoredDomainEvent[],
  deadlineMs: number,
  context: Context,
): Promise<{ readonly revision: number; readonly position: number } | 'lost' | 'erased'> {
  const { stream, actor } = target;
  const startedMs = deps.clock.monotonicMs();
  const recordedAt = deps.clock.now();
  const { correlationId } = context;
  const encoded = await deps.codec.encode(
    events.map((event) => ({
      event,
      stream,
      id: deps.ids.uuid() as EventId,
      recordedAt,
      correlationId,
      ...(actor === undefined ? {} : { actor }),
    })),
  );
  if (!encoded.every((record): record is NewEvent => typeof record !== 'string')) return 'erased';
  const expected: ExpectedRevision = target.expected ?? (revision === -1 ? 'no-stream' : revision);
  const [outcome] = await appendSurely(deps, [{ stream, expected, events: encoded }], { startedMs, deadlineMs });
  if (outcome?.outcome === 'appended') return { revision: outcome.revision, position: outcome.position };
  if (outcome?.outcome === 'removed') return 'erased';
  return 'lost';
}
