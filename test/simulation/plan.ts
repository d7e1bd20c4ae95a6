/**
 * What is to happen in a world, drawn from a seed and then plain data: who lives in it, what they do when, and which
 * faults come when. A story is shrunk by leaving parts of it out.
 */
import type { SyncLimits } from '../../src/projections/facts-since.js';
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
  /** A request that was answered under a key of its own is made again, word for word. */
  | { readonly do: 'ask again'; readonly device: number }
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
  | { readonly fault: 'slow reader'; readonly device: number; readonly forMs: number }
  | { readonly fault: 'stops reading'; readonly device: number; readonly forMs: number };

export type Item = At & (Doing | Fault);

export type StoreKind = 'atomic' | 'sequential' | 'eventstoredb';

/** What a few people reach only when it is small. */
export interface SmallSockets {
  readonly unsentBytesMax: number;
  readonly unsentFramesMax: number;
  readonly waitingFactsMax: number;
  /** Above which a connection takes no more for now. */
  readonly highWaterBytes: number;
}

/** What only some worlds have. */
export interface Habits {
  readonly pages?: SyncLimits;
  readonly sockets?: SmallSockets;
  /** How often a device that comes again lives by asking, without a socket. */
  readonly pollRate: number;
  /** How often it syncs by pages before it opens a socket. */
  readonly pagingRate: number;
  /** Whether clients put keys on what has no id of its own. */
  readonly isKeyed: boolean;
  /** How many keep their connection when faults stop: what they missed does not come by a sync then. */
  readonly lingerRate: number;
  /** How often a device connects for the background. */
  readonly backgroundRate: number;
  /** Whether a restart with old views finds only their checkpoint old. */
  readonly keepsRows: boolean;
  readonly hasHabits: boolean;
}

export interface Plan extends Habits {
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

const PLAIN = 'plain:';
const PLAIN_HABITS: Habits = {
  ...{ pollRate: 0, pagingRate: 0, isKeyed: false, lingerRate: 0, backgroundRate: 0 },
  ...{ keepsRows: false, hasHabits: false },
};

/** The seed without the word that it has no habits: chance is drawn from it alone. */
export const bareSeed = (seed: string): string => (seed.startsWith(PLAIN) ? seed.slice(PLAIN.length) : seed);

export function planOf(seed: string): Plan {
  const plain = plainPlanOf(seed);
  return seed.startsWith(PLAIN) ? plain : withHabits(plain);
}

/** Drawn from a chance of its own, so that what people do and what breaks is the same with habits and without. */
function withHabits(plan: Plan): Plan {
  const chance = new Chance(`habits:${plan.seed}`);
  const habits = { ...habitsOf(chance), keepsRows: new Chance(`rows:${plan.seed}`).happens(KEEPS_ROWS) };
  const devices = plan.people.reduce((sum, count) => sum + count, 0);
  const device = () => chance.below(devices);
  const spanMs = plan.items.at(-1)?.atMs ?? 0;
  const isQuiet = !plan.items.some(isFault);
  const stops = habits.sockets === undefined || isQuiet ? 0 : chance.between(2, 5);
  const again = habits.isKeyed ? chance.between(2, 6) : 0;
  const items = [
    ...plan.items.filter((item) => !habits.isKeyed || !outlastsLease(item)),
    ...times(stops, () => stopOf(chance, device(), chance.below(spanMs / 2))).flat(),
    ...times(chance.pick([0, 0, 4, 10]), () => comingAndGoing(chance, plan, chance.below(spanMs))).flat(),
    ...(isQuiet || chance.happens(0.7) ? [] : watching(chance, plan, chance.below(spanMs / 2))),
    ...times(again, (): Item => ({ atMs: chance.below(spanMs), do: 'ask again', device: device() })),
  ];
  items.sort((one, other) => one.atMs - other.atMs);
  return { ...plan, ...habits, items };
}

const times = <Made>(count: number, make: () => Made): Made[] => Array.from({ length: count }, make);

/** While a device does not read there is something to read. */
function stopOf(chance: Chance, device: number, atMs: number): Item[] {
  const talk = (afterMs: number): Item => ({ atMs: atMs + afterMs, do: 'say at once', room: 0, count: chance.between(3, 8) });
  return [{ atMs, fault: 'stops reading', device, forMs: chance.pick([3_000, 45_000, 70_000]) }, talk(500), talk(1_500)];
}

/** Who is put out, by a device of whoever made the rooms, and comes again before everybody has heard of it. */
function comingAndGoing(chance: Chance, { people }: Plan, atMs: number): Item[] {
  const room = chance.below(2);
  const person = chance.between(1, people.length - 1);
  const theirs = people.slice(0, person).reduce((sum, count) => sum + count, 0);
  const first = () => chance.below(people[0]!);
  const afterMs = () => atMs + chance.below(chance.pick([40, 3_000]));
  return [
    { atMs, do: 'put out', device: first(), person, room },
    { atMs: afterMs(), do: 'read', device: theirs, room },
    { atMs: afterMs(), do: 'say', device: chance.below(people[0]!), room },
    { atMs: afterMs(), do: 'add', device: first(), person, room },
    { atMs: afterMs(), do: 'add', device: first(), person, room },
  ];
}

const LOOKS = 25;
const WATCHED_MS = 15_000;

/** One process is handed again and again what it has, and is asked meanwhile. */
function watching(chance: Chance, { people, processes }: Plan, atMs: number): Item[] {
  const devices = people.reduce((sum, count) => sum + count, 0);
  return [
    { atMs, fault: 'feed repeats', process: chance.below(processes), forMs: WATCHED_MS },
    ...times(LOOKS, (): Item => {
      const during = { atMs: atMs + chance.below(WATCHED_MS), device: chance.below(devices), room: chance.below(2) };
      return { ...during, do: 'look' };
    }),
  ];
}

/** A key is free again when its request has run for a minute: a process that slept through it may do it once more. */
const LEASE_MS = 60_000;
const outlastsLease = (item: Item): boolean =>
  isFault(item) && (item.fault === 'clock jumps' || (item.fault === 'pause' && item.forMs >= LEASE_MS));

/** In so many worlds; drawn apart from the rest, for a world tells the same story until its first restart. */
const KEEPS_ROWS = 0.5;
const MEMBERS_MAX = 50;
const MANY = 1_000_000;

function habitsOf(chance: Chance): Omit<Habits, 'keepsRows'> {
  const pages = {
    conversationsMax: chance.pick([1, 1, 2, 20]),
    factsMax: chance.pick([3, 10, 100]),
    membersMax: MEMBERS_MAX,
    bytesMax: chance.pick([1_500, 6_000, MANY]),
  };
  const sockets = {
    unsentBytesMax: chance.pick([800, 3_000]),
    unsentFramesMax: chance.pick([2, 8_192]),
    waitingFactsMax: chance.pick([1, 3, 4_096]),
    highWaterBytes: 512,
  };
  return {
    ...(chance.happens(0.4) && { pages }),
    ...(chance.happens(0.35) && { sockets }),
    pollRate: chance.weighted([
      [5, 0],
      [2, 0.3],
      [1, 0.8],
    ] as const),
    pagingRate: chance.pick([0, 0, 0.5]),
    isKeyed: chance.happens(0.35),
    lingerRate: chance.pick([0, 0.5, 1]),
    backgroundRate: chance.pick([0, 0, 0.3]),
    hasHabits: true,
  };
}

function plainPlanOf(seed: string): Plan {
  const chance = new Chance(`plan:${bareSeed(seed)}`);
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
    ...{ seed, processes, people, items, ...PLAIN_HABITS },
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
