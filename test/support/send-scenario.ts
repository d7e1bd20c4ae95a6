/**
 * Goal: one post per message id, whatever happens. Method: people send and send again at several processes while members
 * come and go, messages are removed, drafts collected, processes die and answers get lost, in an order drawn from a seed;
 * every answer is checked when it comes, and the store when all is at rest.
 */
import fc from 'fast-check';
import type { MemberId } from '../../src/domain/kernel/ids.js';
import { limits } from '../../src/domain/kernel/limits.js';
import type { Fault } from './faulty-event-store.js';
import { NO_FAULTS } from './faulty-event-store.js';
import { type Claim, Claims, orCrash } from './send-claims.js';
import { as, groups, messageIds, type Process, people, SendWorld, type StoreKind, type WorldOptions } from './send-world.js';
import type { StoreMirror } from './store-mirror.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

type Twist = 'none' | 'text' | 'person' | 'group';

type Action =
  | { readonly do: 'send'; readonly slot: number; readonly at: number; readonly twist: Twist }
  /** Everybody sends at once, at one process. */
  | { readonly do: 'burst'; readonly at: number }
  | { readonly do: 'membership'; readonly person: number; readonly isIn: boolean; readonly at: number }
  | { readonly do: 'remove'; readonly slot: number; readonly at: number }
  /** A send that dies with its process between content and post; nobody tells it again for now. */
  | { readonly do: 'draft'; readonly slot: number; readonly at: number }
  /** A send while its draft is being collected elsewhere. */
  | { readonly do: 'send and collect'; readonly slot: number; readonly at: number }
  | { readonly do: 'purge'; readonly at: number }
  | { readonly do: 'collect'; readonly slot: number; readonly at: number }
  | { readonly do: 'crash'; readonly at: number }
  | { readonly do: 'jump' }
  | { readonly do: 'set clock'; readonly at: number; readonly minutes: number };

export interface Scenario {
  readonly kind: StoreKind;
  readonly seed: number;
  readonly processes: number;
  readonly faultRate: number;
  readonly indexRate: number;
  readonly actions: readonly Action[];
}

const at = fc.nat(2);
/** The first few are sent most: what matters happens between sends of one message. */
const slot = fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 4, 5);
const twist = fc.constantFrom<Twist>('none', 'none', 'none', 'none', 'none', 'none', 'none', 'text', 'person', 'group');

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('send' as const), slot, at, twist }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('burst' as const), at }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('membership' as const), person: fc.constantFrom(1, 2), isIn: fc.boolean(), at }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), slot, at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('purge' as const), at }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('collect' as const), slot, at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('draft' as const), slot, at }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send and collect' as const), slot, at }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('crash' as const), at }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('jump' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set clock' as const), at, minutes: fc.integer({ min: -90, max: 90 }) }) },
);

/** What seldom comes together by chance: what is told again, or resent, when it is old enough to be collected meanwhile. */
const late = fc
  .tuple(fc.boolean(), slot, at, at)
  .map(([isDraft, of, one, other]): Action[] => [
    isDraft ? { do: 'draft', slot: of, at: one } : { do: 'send', slot: of, at: one, twist: 'none' },
    { do: 'jump' },
    isDraft ? { do: 'send and collect', slot: of, at: other } : { do: 'collect', slot: of, at: other },
  ]);

const chapter = fc.oneof({ weight: 10, arbitrary: action.map((one) => [one]) }, { weight: 1, arbitrary: late });

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  kind: fc.constantFrom<StoreKind>('atomic', 'sequential', 'eventstoredb'),
  seed: fc.nat(),
  processes: fc.constantFrom(2, 3),
  faultRate: fc.constantFrom(0, 0.1, 0.3),
  indexRate: fc.constantFrom(0, 0.5, 1),
  actions: fc.array(chapter, { minLength: 1, maxLength: 16, size: 'max' }).map((chapters) => chapters.flat()),
});

const homeOf = (slotIndex: number): number => slotIndex % people.length;

function claimOf(slotIndex: number, how: Twist): Claim {
  const person = how === 'person' ? (homeOf(slotIndex) + 1) % people.length : homeOf(slotIndex);
  const text = how === 'text' ? 'Another text' : `Message ${slotIndex}`;
  return { slot: slotIndex, person, group: how === 'group' ? 1 : 0, text };
}

const WRITE_FAULTS: readonly Fault[] = ['unavailable', 'never-arrived', 'answer-lost', 'answer-lost', 'late'];

/** Throws what is wrong first. */
export async function play(scenario: Scenario, over: Pick<WorldOptions, 'modules' | 'store'> = {}): Promise<void> {
  const world = await SendWorld.open({ ...scenario, ...over }, scenario.processes);
  const { schedule } = world;
  const claims = new Claims(world);
  const isDue = (rate: number): boolean => rate > 0 && schedule.chance() < rate;
  world.faults = {
    write: () => (isDue(scenario.faultRate) ? schedule.pick(WRITE_FAULTS) : undefined),
    read: () => isDue(scenario.faultRate / 20),
  };
  const script = { isAlive: true };
  const underWay: Promise<unknown>[] = [];
  const perform = async (): Promise<void> => {
    for (const one of scenario.actions) {
      await schedule.turn(script, 'read', () =>
        one.do === 'jump' ? schedule.jump((limits.draftLifeDays + 1) * DAY_MS) : undefined,
      );
      underWay.push(...start(world, claims, one));
    }
    await schedule.turn(script, 'read', () => schedule.jump(0));
    world.faults = NO_FAULTS;
    await Promise.allSettled(underWay);
    for (const { claim } of [...claims.all.values()])
      await claims.send(claim, Math.floor(schedule.chance() * scenario.processes));
    await claims.checkAtRest();
  };
  const performed = perform();
  let isDone = false;
  const end = (): void => {
    isDone = true;
  };
  performed.then(end, end);
  await schedule.until('the scenario is played', () => isDone || claims.failure !== undefined);
  if (claims.failure !== undefined) throw claims.failure;
  await performed;
}

function start(world: SendWorld, claims: Claims, one: Action): Promise<unknown>[] {
  if (one.do === 'jump') return [];
  const index = one.at % world.processes.length;
  const process = world.processes[index]!;
  switch (one.do) {
    case 'send':
      return [claims.send(claimOf(one.slot, one.twist), index)];
    case 'draft':
      process.isCutShort = true;
      return [claims.once(claimOf(one.slot, 'none'), process).catch((error: unknown) => claims.noAnswer(error))];
    case 'send and collect':
      return [
        ...start(world, claims, { ...one, do: 'collect' }),
        ...start(world, claims, { ...one, do: 'send', at: one.at + 1, twist: 'none' }),
      ];
    case 'burst':
      return messageIds.map((_, slotIndex) => claims.send(claimOf(slotIndex, 'none'), index));
    case 'crash':
      world.crash(index);
      return [];
    case 'set clock':
      process.skewMs = one.minutes * 60_000;
      return [];
    default:
      return [orCrash(process, runErrand(world, process, one)).catch((error: unknown) => claims.noAnswer(error))];
  }
}

export type Errand = Extract<Action, { do: 'membership' | 'remove' | 'purge' | 'collect' }>;

/** Done once, or not: what these answer is not at issue here. */
export async function runErrand(
  world: Pick<SendWorld, 'modules'> & { readonly mirror: Pick<StoreMirror, 'conversation'> },
  process: Pick<Process, 'deps'>,
  errand: Errand,
): Promise<unknown> {
  const { modules, mirror } = world;
  const { deps } = process;
  const conversationId = groups[0]!;
  switch (errand.do) {
    case 'collect':
      return modules.collectDraft(deps)(messageIds[errand.slot]!);
    case 'remove':
      return modules.removeMessage(deps)({ conversationId, messageId: messageIds[errand.slot]! }, as(homeOf(errand.slot)));
    case 'purge': {
      const purge = modules.purgeRemovedMessages(deps);
      for (const { stored } of mirror.conversation(conversationId)) await purge(deps.codec.decode(stored));
      return undefined;
    }
    case 'membership': {
      const accountId = people[errand.person]!;
      if (errand.isIn) return modules.addMember(deps)({ conversationId, accountId }, as(0));
      const [memberId] = await deps.keys.name([{ subject: accountId, purpose: 'member', context: conversationId }]);
      return modules.removeMember(deps)({ conversationId, memberId: memberId as MemberId }, as(0));
    }
  }
}
