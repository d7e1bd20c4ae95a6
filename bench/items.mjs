/** TABLE items: what can be measured, by the name that it has in docs/performance.md. */
import { againstEjabberd } from './items/against-ejabberd.mjs';
import { delivery, durableSend, withLongStore } from './items/durable-send.mjs';
import { fanOut } from './items/fan-out.mjs';
import { coldStart, historyPage, offlineSync, rebuild } from './items/long-store.mjs';
import { idleMemory, reconnectStorm } from './items/sessions.mjs';

/** Seconds for the rounds of `variants` measurements on both sides, with warming, and for what must be made before. */
const measured =
  (variants, madeBefore) =>
  ({ rounds, seconds }) =>
    madeBefore + variants * 2 * (rounds * (seconds + 0.5) + seconds);

const perRound =
  (each, madeBefore) =>
  ({ rounds }) =>
    madeBefore + rounds * each;

export const items = {
  a: { title: 'durable send to ack', run: durableSend, seconds: measured(3, 10) },
  'a-1m': { title: 'durable send to ack, with a million messages stored', run: withLongStore, seconds: measured(1, 700) },
  b: { title: 'send to delivered, open loop', run: delivery, seconds: measured(3, 10) },
  c: { title: 'fan-out to a group that is online', run: fanOut, seconds: measured(2, 20) },
  d: { title: 'memory per idle session', run: idleMemory, seconds: perRound(60, 60) },
  e: { title: 'everybody comes back at once', run: reconnectStorm, seconds: perRound(30, 60) },
  f: { title: 'views from nothing', run: rebuild, seconds: perRound(90, 300) },
  h: { title: 'cold start', run: coldStart, seconds: perRound(10, 30) },
  i: { title: 'a page of history', run: historyPage, seconds: measured(1, 30) },
  j: { title: 'sync after a while', run: offlineSync, seconds: measured(1, 40) },
};

/** TABLE peers: other products that (a) can be measured against, side by side. */
export const peers = {
  ejabberd: { title: 'durable send to ack, against ejabberd over PostgreSQL', run: againstEjabberd, seconds: measured(2, 60) },
};
