/**
 * What is to happen in a world, drawn from a seed and then plain data: who lives in it, what they do when, and which
 * faults come when. A story is shrunk by leaving parts of it out.
 */
import { Chance } from './chance.js';

interface At {
  readonly atMs: number;
}

export type Doing =
  | { readonly do: 'say'; readonly device: number; readonly room: number; readonly twice?: boolean }
  /** Another text under the id of something said before. */
  | { readonly do: 'say otherwise'; readonly device: number; readonly room: number }
  | { readonly do: 'say at once'; readonly room: number; readonly count: number }
  /** Told again, word for word, though it was answered. */
  | { readonly do: 'say again'; readonly device: number }
  | { readonly do: 'take back'; readonly device: number; readonly room: number }
  | { readonly do: 'take back again'; readonly device: number }
  | { readonly do: 'read'; readonly device: number; readonly room: number }
  | { readonly do: 'add'; readonly device: number; readonly person: number; readonly room: number }
  | { readonly do: 'put out'; readonly device: number; readonly person: number; readonly room: number }
  | { readonly do: 'leave'; readonly device: number; readonly room: number }
  | { readonly do: 'open group'; readonly device: number; readonly people: readonly number[] }
  | { readonly do: 'open direct'; readonly device: number; readonly person: number }
  | { readonly do: 'look'; readonly device: number; readonly room: number }
  | { readonly do: 'revoke'; readonly device: number; readonly of: number }
  | { readonly do: 'link'; readonly person: number }
  | { readonly do: 'go away'; readonly device: number; readonly forMs: number }
  | { readonly do: 'reinstall'; readonly device: number }
  | { readonly do: 'collect drafts'; readonly process: number }
  | { readonly do: 'erase'; readonly person: number; readonly process: number };

export type Fault =
  | { readonly fault: 'store'; readonly process: number; readonly forMs: number; readonly rate: number }
  | { readonly fault: 'slow store'; readonly process: number; readonly forMs: number }
  | { readonly fault: 'reads fail'; readonly process: number; readonly forMs: number }
  | { readonly fault: 'keys away'; readonly process: number; readonly forMs: number }
  | { readonly fault: 'keys slow'; readonly process: number; readonly forMs: number }
  | { readonly fault: 'feed repeats'; readonly process: number; readonly forMs: number }
  | { readonly fault: 'feed reorders'; readonly process: number; readonly forMs: number }
  | { readonly fault: 'feed stops'; readonly process: number; readonly forMs: number }
  | { readonly fault: 'views slow'; readonly process: number; readonly forMs: number }
  | { readonly fault: 'crash'; readonly process: number; readonly oldViews: boolean; readonly oldCheckpoints: boolean }
  | { readonly fault: 'crash between writes'; readonly process: number }
  | { readonly fault: 'pause'; readonly process: number; readonly forMs: number }
  | { readonly fault: 'clock jumps'; readonly process: number; readonly byMs: number }
  | { readonly fault: 'a month passes' }
  | { readonly fault: 'cut'; readonly device: number; readonly afterFrames: number }
  | { readonly fault: 'half-open'; readonly device: number }
  | { readonly fault: 'slow reader'; readonly device: number; readonly forMs: number };

export type Item = At & (Doing | Fault);

export type StoreKind = 'atomic' | 'sequential' | 'eventstoredb';

export interface Plan {
  readonly seed: string;
  readonly store: StoreKind;
  readonly processes: number;
  /** For each person how many devices. */
  readonly people: readonly number[];
  /** How often a request or its answer gets lost while faults last. */
  readonly lossRate: number;
  readonly batchMax: number;
  readonly items: readonly Item[];
}

export const isFault = (item: Item): item is At & Fault => 'fault' in item;

const ACTIVE_MS = 150_000;
const ROOMS = 4;

export function planOf(seed: string): Plan {
  const chance = new Chance(`plan:${seed}`);
  const people = Array.from({ length: chance.between(3, 5) }, () =>
    chance.weighted([
      [3, 1],
      [3, 2],
      [1, 3],
    ] as const),
  );
  const processes = chance.weighted([
    [1, 1],
    [4, 2],
    [2, 3],
  ] as const);
  const draw = drawer(
    chance,
    people.length,
    people.reduce((sum, count) => sum + count, 0),
    processes,
  );
  const count = chance.between(25, 90);
  const spanMs = chance.pick([20_000, 60_000, ACTIVE_MS]);
  const faultShare = chance.weighted([
    [1, 0],
    [3, 0.12],
    [3, 0.25],
  ] as const);
  const items: Item[] = [];
  for (let index = 0; index < count; index += 1) {
    const atMs = Math.floor(chance.fraction() * spanMs);
    const item = chance.happens(faultShare) ? draw.fault() : draw.doing();
    items.push({ atMs, ...item });
    // What happens close together is what makes stories.
    if (chance.happens(0.25)) items.push({ atMs: atMs + chance.below(1_500), ...draw.doing() });
  }
  items.sort((one, other) => one.atMs - other.atMs);
  return {
    ...{ seed, processes, people, items },
    store: chance.weighted([
      [1, 'atomic'],
      [2, 'sequential'],
      [2, 'eventstoredb'],
    ] as const),
    lossRate: chance.weighted([
      [2, 0],
      [3, 0.05],
      [1, 0.2],
    ] as const),
    batchMax: chance.pick([1, 3, 10, 500]),
  };
}

function drawer(chance: Chance, people: number, devices: number, processes: number) {
  const device = () => chance.below(devices);
  const person = () => chance.below(people);
  const process = () => chance.below(processes);
  const room = () =>
    chance.weighted([
      [5, 0],
      [3, 1],
      [1, 2],
      [1, ROOMS - 1],
    ] as const);
  const forMs = () => chance.pick([500, 3_000, 15_000, 70_000]);
  const doings: readonly (readonly [number, () => Doing])[] = [
    [26, () => ({ do: 'say', device: device(), room: room(), twice: chance.happens(0.15) })],
    [1, () => ({ do: 'say otherwise', device: device(), room: room() })],
    [3, () => ({ do: 'say at once', room: room(), count: chance.between(2, 8) })],
    [4, () => ({ do: 'say again', device: device() })],
    [4, () => ({ do: 'take back', device: device(), room: room() })],
    [1, () => ({ do: 'take back again', device: device() })],
    [9, () => ({ do: 'read', device: device(), room: room() })],
    [5, () => ({ do: 'add', device: device(), person: person(), room: room() })],
    [4, () => ({ do: 'put out', device: device(), person: person(), room: room() })],
    [2, () => ({ do: 'leave', device: device(), room: room() })],
    [2, () => ({ do: 'open group', device: device(), people: [person(), person(), person()] })],
    [1, () => ({ do: 'open direct', device: device(), person: person() })],
    [8, () => ({ do: 'look', device: device(), room: room() })],
    [1, () => ({ do: 'revoke', device: device(), of: device() })],
    [1, () => ({ do: 'link', person: person() })],
    [7, () => ({ do: 'go away', device: device(), forMs: forMs() })],
    [1, () => ({ do: 'reinstall', device: device() })],
    [2, () => ({ do: 'collect drafts', process: process() })],
    [0.15, () => ({ do: 'erase', person: person(), process: process() })],
  ];
  const faults: readonly (readonly [number, () => Fault])[] = [
    [5, () => ({ fault: 'store', process: process(), forMs: forMs(), rate: chance.pick([0.1, 0.4]) })],
    [2, () => ({ fault: 'slow store', process: process(), forMs: forMs() })],
    [1, () => ({ fault: 'reads fail', process: process(), forMs: forMs() })],
    [1, () => ({ fault: 'keys away', process: process(), forMs: chance.pick([500, 3_000]) })],
    [1, () => ({ fault: 'keys slow', process: process(), forMs: forMs() })],
    [2, () => ({ fault: 'feed repeats', process: process(), forMs: forMs() })],
    [3, () => ({ fault: 'feed reorders', process: process(), forMs: forMs() })],
    [3, () => ({ fault: 'feed stops', process: process(), forMs: forMs() })],
    [2, () => ({ fault: 'views slow', process: process(), forMs: forMs() })],
    [3, () => ({ fault: 'crash', process: process(), oldViews: chance.happens(0.4), oldCheckpoints: chance.happens(0.4) })],
    [2, () => ({ fault: 'crash between writes', process: process() })],
    [2, () => ({ fault: 'pause', process: process(), forMs: forMs() })],
    [2, () => ({ fault: 'clock jumps', process: process(), byMs: chance.between(-90, 90) * 60_000 })],
    [1, () => ({ fault: 'a month passes' })],
    [6, () => ({ fault: 'cut', device: device(), afterFrames: chance.below(6) })],
    [2, () => ({ fault: 'half-open', device: device() })],
    [1, () => ({ fault: 'slow reader', device: device(), forMs: forMs() })],
  ];
  return { doing: () => chance.weighted(doings)(), fault: () => chance.weighted(faults)() };
}
