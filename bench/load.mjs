/** The load on one server: pairs that send to each other, closed loop or open, with a sample for every message. */
import { quantile } from './figures.mjs';

const TICK_MS = 1;
const ANSWERS_WITHIN_MS = 15_000;

const REST_LOOK_MS = 250;
const REST_SHARE_MAX = 0.1;
const REST_WITHIN_MS = 120_000;

/** What a server still has to do for what it has acked, its views above all, is neither given away nor left to the other side. */
export async function untilAtRest(server) {
  const untilMs = performance.now() + REST_WITHIN_MS;
  for (;;) {
    const [cpuMs, fromMs] = [server.cpuMs(), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, REST_LOOK_MS));
    if ((server.cpuMs() - cpuMs) / (performance.now() - fromMs) < REST_SHARE_MAX) return;
    if (performance.now() > untilMs) throw new Error('A server did not come to rest.');
  }
}

export class Load {
  #number = 0;
  #sentMs = new Map();
  #factsLeft = new Map();

  /** `lanes` are `{ send(number), onAck, onFact }`, of pairs that are in at `server`. */
  constructor(server, lanes) {
    this.server = server;
    this.lanes = lanes;
    for (const lane of lanes) {
      lane.onAck = (number) => this.onAck(number, lane);
      lane.onFact = (number) => this.onFact(number, lane);
    }
  }

  /** Each lane has so many messages under way, and sends the next when one is acked, or `until` it is delivered. */
  async closedLoop(inFlight, seconds, until = 'acked') {
    return this.measure(seconds, () => {
      const perLane = Math.max(1, Math.round(inFlight / this.lanes.length));
      for (const lane of this.lanes.slice(0, inFlight))
        for (let at = 0; at < perLane; at += 1) this.send(lane, performance.now());
      this.next = until;
      return () => {
        this.next = undefined;
      };
    });
  }

  /** So many a second whatever comes back. A sample begins when the message was due, not when the driver got round to it. */
  async openLoop(perSecond, seconds) {
    return this.measure(seconds, () => {
      const startedMs = performance.now();
      const everyMs = 1_000 / perSecond;
      let due = 0;
      const timer = setInterval(() => {
        for (const nowMs = performance.now(); startedMs + due * everyMs <= nowMs; due += 1) {
          this.send(this.lanes[due % this.lanes.length], startedMs + due * everyMs);
        }
      }, TICK_MS);
      return () => clearInterval(timer);
    });
  }

  async measure(seconds, begin) {
    this.acked = [];
    this.delivered = [];
    const [startedMs, cpu] = [performance.now(), process.cpuUsage()];
    const serverCpuMs = this.server.cpuMs();
    const stop = begin();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const tookMs = performance.now() - startedMs;
    const count = this.next === 'delivered' ? this.delivered.length : this.acked.length;
    const { user, system } = process.cpuUsage(cpu);
    stop();
    await this.quiet();
    await untilAtRest(this.server);
    const spentMs = this.server.cpuMs() - serverCpuMs;
    const { acked, delivered } = this;
    const figures = {
      perSecond: (count * 1_000) / tookMs,
      cpuMicros: (spentMs * 1_000) / acked.length,
      ackP50: quantile(acked, 0.5),
      ackP99: quantile(acked, 0.99),
      deliveredP50: quantile(delivered, 0.5),
      deliveredP99: quantile(delivered, 0.99),
    };
    return { figures, driverCpu: (user + system) / 1_000 / tookMs };
  }

  /** How many messages went out so far. */
  get sent() {
    return this.#number;
  }

  /** Everything that was sent is acked and delivered. */
  async quiet() {
    const untilMs = performance.now() + ANSWERS_WITHIN_MS;
    while (this.#sentMs.size > 0 || this.#factsLeft.size > 0) {
      if (performance.now() > untilMs)
        throw new Error(`${this.#sentMs.size} messages were not acked, ${this.#factsLeft.size} not delivered.`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  send(lane, dueMs) {
    const number = ++this.#number;
    this.#sentMs.set(number, dueMs);
    this.#factsLeft.set(number, dueMs);
    lane.send(number);
  }

  onAck(number, lane) {
    if (!this.#sentMs.has(number)) return;
    this.acked.push(performance.now() - this.#sentMs.get(number));
    this.#sentMs.delete(number);
    if (this.next === 'acked') this.send(lane, performance.now());
  }

  onFact(number, lane) {
    const dueMs = this.#factsLeft.get(number);
    if (dueMs === undefined) return;
    this.delivered.push(performance.now() - dueMs);
    this.#factsLeft.delete(number);
    if (this.next === 'delivered') this.send(lane, performance.now());
  }
}
