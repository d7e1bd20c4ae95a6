/** TABLE of the small worlds of sending: two processes, at most two message ids and three attempts, and what may cross them. */
import type { Happening, SmallWorld } from './small-world.js';

const send = (slot: number, at: number, text?: string): Happening => ({
  do: 'send',
  slot,
  at,
  ...(text !== undefined && { text }),
});

export const smallWorlds: Readonly<Record<string, readonly Happening[]>> = {
  'sent-twice': [send(0, 0), send(0, 1)],
  'sent-three-times': [send(0, 0), send(0, 1), send(0, 0)],
  'two-messages': [send(0, 0), send(0, 1), send(1, 0)],
  'another-text': [send(0, 0), send(0, 1, 'Another text')],
  'sender-removed': [send(1, 0), send(1, 1), { do: 'membership', person: 1, isIn: false, at: 1 }],
  'message-removed': [send(0, 0), send(0, 1), { do: 'remove', slot: 0, at: 1 }, { do: 'purge', at: 0 }],
  'sent-and-collected': [send(0, 0), { do: 'age' }, { do: 'collect', slot: 0, at: 1 }],
  'draft-collected': [send(0, 0), send(0, 1), { do: 'age' }, { do: 'collect', slot: 0, at: 1 }],
};

export const smallWorld = (name: string, faults: number): SmallWorld => ({ name, happenings: smallWorlds[name]!, faults });
