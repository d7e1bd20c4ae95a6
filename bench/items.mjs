/** TABLE items: what can be measured, by the letter that it has in docs/performance.md. */
import { delivery, durableSend } from './items/durable-send.mjs';
import { fanOut } from './items/fan-out.mjs';
import { idleMemory, reconnectStorm } from './items/sessions.mjs';

/** Seconds for the rounds of `variants` measurements on both sides, with warming, and for what must be made before. */
const about =
  (variants, madeBefore) =>
  ({ rounds, seconds, quick }) =>
    quick ? 5 : madeBefore + variants * 2 * (rounds * (seconds + 0.5) + seconds);

export const items = {
  a: { title: 'durable send to ack', run: durableSend, seconds: about(3, 10) },
  b: { title: 'send to delivered, open loop', run: delivery, seconds: about(3, 10) },
  c: { title: 'fan-out to a group that is online', run: fanOut, seconds: about(2, 20) },
  d: { title: 'memory per idle session', run: idleMemory, seconds: ({ rounds, quick }) => (quick ? 30 : 60 + rounds * 60) },
  e: {
    title: 'everybody comes back at once',
    run: reconnectStorm,
    seconds: ({ rounds, quick }) => (quick ? 5 : 60 + rounds * 30),
  },
};
