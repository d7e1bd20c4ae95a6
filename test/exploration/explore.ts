/** Walks every way through a small world, once per state: what is found nowhere does not happen in it. */
import type { SendModules } from '../support/send-modules.js';
import type { StoreKind } from '../support/send-world.js';
import { Fingerprints } from './fingerprints.js';
import { type Move, Moves, type Reduction, type State } from './moves.js';
import { Rest } from './rest.js';
import { openWorld, type SmallWorld } from './small-world.js';

export interface Wrong {
  readonly error: Error;
  readonly story: readonly string[];
}

export interface Explored {
  readonly states: number;
  /** Ways to an end, or to a state that was seen before. */
  readonly ways: number;
  /** Ways that came to rest, and were judged whole. */
  readonly ends: number;
  /** Moves that were not made because the budget was spent: 0 when the world is exhausted. */
  readonly left: number;
  readonly wrong?: Wrong;
}

export interface Budget {
  readonly modules?: SendModules;
  readonly reduction?: Reduction;
  /** Whether to go on. */
  readonly goesOn?: (soFar: { readonly states: number; readonly ways: number }) => boolean;
  /** Told of every end. */
  readonly atEnd?: (state: State) => void;
}

interface Crossing {
  readonly moves: readonly Move[];
  next: number;
}

/** Whoever goes deeper goes round in a circle. */
const DEPTH_MAX = 2_000;

export async function explore(
  world: SmallWorld,
  kind: StoreKind,
  { modules, reduction, goesOn = () => true, atEnd = () => undefined }: Budget = {},
): Promise<Explored> {
  const walked = await openWorld(world, kind, modules);
  const moves = new Moves(walked, reduction);
  const rest = new Rest(walked);
  const seen = new Fingerprints();
  let [ways, ends] = [0, 0];
  const first = moves.first();
  seen.add([...numbersOf(first), first.faultsLeft]);
  const way: Crossing[] = [{ moves: await moves.of(first), next: 0 }];
  const told = (): string[] => way.map(({ moves: all, next }) => all[next - 1]?.tell() ?? '');
  const wrongHere = (error: Error): Explored => ({
    ...{ states: seen.size, ways: ways + 1, ends, left: leftOf(way) },
    wrong: { error, story: told() },
  });
  for (let here = way.at(-1); here !== undefined; here = way.at(-1)) {
    const move = here.moves[here.next];
    here.next += 1;
    if (move === undefined) {
      way.pop();
      continue;
    }
    if (move.wrong !== undefined) return wrongHere(move.wrong);
    const { state } = move;
    if (!isNew(seen, state, world.faults)) {
      ways += 1;
      continue;
    }
    if (moves.isDone(state)) {
      const error = await rest.wrongWith(state).catch((thrown: Error) => thrown);
      if (error !== undefined) return wrongHere(error);
      [ways, ends] = [ways + 1, ends + 1];
      atEnd(state);
      continue;
    }
    if (!goesOn({ states: seen.size, ways })) return { states: seen.size, ways, ends, left: leftOf(way) + 1 };
    const onwards = await moves.of(state);
    if (onwards.length === 0) return wrongHere(new Error('Everybody waits for nothing'));
    if (way.length > DEPTH_MAX) return wrongHere(new Error(`After ${DEPTH_MAX} steps still no end`));
    way.push({ moves: onwards, next: 0 });
  }
  return { states: seen.size, ways, ends, left: 0 };
}

/** What could happen with more faults left has been seen with fewer. */
function isNew(seen: Fingerprints, state: State, faultsMax: number): boolean {
  const numbers = numbersOf(state);
  const last = numbers.push(0) - 1;
  for (let faults = faultsMax; faults > state.faultsLeft; faults -= 1) {
    numbers[last] = faults;
    if (seen.has(numbers)) return false;
  }
  numbers[last] = state.faultsLeft;
  return seen.add(numbers);
}

function numbersOf({ store, processes, adrift, begun, befores, acks, hasAged, jumps, goesOn = -1 }: State): number[] {
  const numbers = [store.id, begun, acks.id, hasAged ? 1 : 0, jumps, goesOn, adrift.length];
  for (const { id } of processes) numbers.push(id);
  for (const { id } of adrift) numbers.push(id);
  for (const before of befores) numbers.push(before?.id ?? -1);
  return numbers;
}

const leftOf = (way: readonly Crossing[]): number =>
  way.reduce((left, { moves, next }) => left + Math.max(0, moves.length - next), 0);
