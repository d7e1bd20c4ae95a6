/** A history told step by step, and the views built from it: for questions that span several views. */
import { InMemoryViews } from '../../src/adapters/in-memory/in-memory-views.js';
import type { AccountId, ConversationId, Handle } from '../../src/domain/kernel/ids.js';
import type { Asker } from '../../src/projections/facts-since.js';
import { fakeKeys, handleOf } from './fake-keys.js';
import { bodiesIn, build, IN_ORDER } from './feeding.js';
import { History, PEOPLE, type Step } from './generated-history.js';

export type Person = 'ada' | 'bea' | 'cyd' | 'dot';

export interface Details {
  readonly whom?: Person;
  /** The number of the conversation, in the order of their creation. */
  readonly where?: number;
  /** The number of the message or device, or one less than the `seq` of a mark. */
  readonly which?: number;
}

export type Told = readonly [does: Step['does'], by: Person, details?: Details];

export const handle = (person: Person): Handle => handleOf(person as AccountId);
export const asker = (person: Person): Asker => ({ accountId: person as AccountId, handle: handle(person) });

export function told(...steps: readonly Told[]): History {
  const numberOf = (person: Person): number => PEOPLE.indexOf(person as AccountId);
  return new History(
    steps.map(([does, by, { whom = by, where = 0, which = 0 } = {}]) => {
      return { does, by: numberOf(by), whom: numberOf(whom), where, which };
    }),
  );
}

export interface Story {
  readonly history: History;
  readonly views: InMemoryViews;
  conversation(number: number): ConversationId;
}

/** Tells it, and builds the views; from a story told so far, its views go on where they were. */
export async function story(steps: readonly Told[], views = new InMemoryViews()): Promise<Story> {
  const history = told(...steps);
  const bodies = bodiesIn(history.log, () => false);
  await build(views, { log: history.log, bodies, keys: fakeKeys() }, IN_ORDER);
  return { history, views, conversation: (number) => history.conversations[number]! };
}
