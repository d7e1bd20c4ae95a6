/** Walks every way through a small world, once per state: what is found nowhere does not happen in it. */
import type { SendModules } from '../support/send-modules.js';
import type { StoreKind } from '../support/send-world.js';
import { Choices } from './choices.js';
import { type Ending, play, type SmallWorld } from './small-world.js';

export interface Explored {
  readonly states: number;
  /** Ways walked, each from the beginning. */
  readonly ways: number;
  /** Ways that came to rest, and were judged whole. */
  readonly ends: number;
  /** Branches that were not walked because the budget was spent: 0 when the world is exhausted. */
  readonly left: number;
  readonly wrong?: Extract<Ending, { end: 'wrong' }> & { readonly path: readonly number[] };
}

export interface Budget {
  readonly modules?: SendModules;
  /** Whether to go on. */
  readonly goesOn?: (soFar: { readonly states: number; readonly ways: number }) => boolean;
}

export async function explore(
  world: SmallWorld,
  kind: StoreKind,
  { modules, goesOn = () => true }: Budget = {},
): Promise<Explored> {
  const seen = new Set<string>();
  const branches: (readonly number[])[] = [[]];
  let ways = 0;
  let ends = 0;
  for (let branch = branches.pop(); branch !== undefined; branch = branches.pop()) {
    if (!goesOn({ states: seen.size, ways })) return { states: seen.size, ways, ends, left: branches.length + 1 };
    const choices = new Choices(branch);
    const ending = await play(world, { kind, choices, seen, ...(modules && { modules }) });
    ways += 1;
    if (ending.end === 'rest') ends += 1;
    if (ending.end === 'wrong')
      return { states: seen.size, ways, ends, left: branches.length, wrong: { ...ending, path: choices.path } };
    branches.push(...choices.branches);
  }
  return { states: seen.size, ways, ends, left: 0 };
}
