/**
 * C11: everybody is cut off at once, something is said meanwhile, and all come back in the same moment. Who cannot be let in
 * yet is told a span that differs; whoever is in gets what it missed and nothing else; others go on writing.
 */
import { randomUUID } from 'node:crypto';
import { type Line, Person } from '../support/person.js';
import type { ServedApp } from '../support/served-app.js';
import { inParallel } from './in-parallel.js';
import type { Numbers } from './numbers.js';
import { ReturningDevice } from './returning-device.js';
import type { Watch } from './watch.js';

const GROUP = 50;
const MISSED = 3;
const AT_ONCE = 64;
const BACK_WITHIN_MS = 60_000;
const WRITE_EVERY_MS = 50;
const CALM_WRITES = 100;
/** Below this many the spans need not all differ. */
const MANY = 100;

/** Groups of fifty; the first of each has created it. */
async function crowd(app: ServedApp, count: number): Promise<{ devices: ReturningDevice[]; groups: string[] }> {
  const devices: ReturningDevice[] = [];
  await inParallel(AT_ONCE, count, async (at) => {
    devices[at] = new ReturningDevice(await Person.signIn(app.asApp), at);
  });
  const groups = Array.from({ length: Math.ceil(count / GROUP) }, () => randomUUID());
  await inParallel(AT_ONCE, groups.length, async (at) => {
    const [creator, ...others] = devices.slice(at * GROUP, (at + 1) * GROUP) as [ReturningDevice, ...ReturningDevice[]];
    const accountIds = others.map(({ person }) => person.accountId);
    const body = { conversationId: groups[at], title: 'storm', accountIds };
    const { status } = await creator.person.call('POST', '/v1/group-conversations', body);
    if (status !== 201) throw new Error(`A group was answered ${status}.`);
  });
  return { devices, groups };
}

/** Somebody who writes all the time, and how long each message took until its ack. */
class Writer {
  private isOver = false;
  private tookMs: number[] = [];
  /** Why messages were not acked. */
  readonly failed: string[] = [];

  private constructor(
    private readonly line: Line,
    private readonly conversationId: string,
  ) {}

  static async begin(app: ServedApp): Promise<Writer> {
    const [ada, ben] = [await Person.signIn(app.asApp), await Person.signIn(app.asApp)];
    const writer = new Writer(await ada.online(), await ada.directWith(ben));
    void writer.run();
    return writer;
  }

  async calm(): Promise<void> {
    while (this.tookMs.length < CALM_WRITES) await new Promise((resolve) => setTimeout(resolve, WRITE_EVERY_MS));
  }

  /** Since it was last asked. */
  p99(): number {
    const sorted = this.tookMs.splice(0).sort((one, other) => one - other);
    return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
  }

  end(): void {
    this.isOver = true;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const startedMs = performance.now();
      const content = { type: 'text', text: 'still here' };
      const asked = { conversationId: this.conversationId, messageId: randomUUID(), content };
      const answer = await this.line.ask('send-message', asked).catch((error: unknown) => ({ problem: { code: String(error) } }));
      const tookMs = performance.now() - startedMs;
      if (answer.type === 'ack') this.tookMs.push(tookMs);
      else
        this.failed.push(`${answer.problem?.code} after ${tookMs.toFixed(0)} ms, the socket ${this.line.closed?.code ?? 'open'}`);
      this.line.frames.length = 0;
      await new Promise((resolve) => setTimeout(resolve, WRITE_EVERY_MS));
    }
    await this.line.close();
  }
}

async function say(devices: readonly ReturningDevice[], groups: readonly string[]): Promise<void> {
  await inParallel(AT_ONCE, groups.length, async (at) => {
    const { person } = devices[at * GROUP] as ReturningDevice;
    for (let number = 1; number <= MISSED; number += 1) {
      const { status } = await person.send(groups[at] as string, `missed ${number}`);
      if (status !== 201) throw new Error(`A message was answered ${status}.`);
    }
  });
}

export async function storm(
  app: ServedApp,
  watch: Watch,
  { devices: count, numbers }: { readonly devices: number; readonly numbers: Numbers },
): Promise<readonly string[]> {
  watch.memory.comesToRest = false;
  const { devices, groups } = await crowd(app, count);
  await inParallel(AT_ONCE, count, (at) => (devices[at] as ReturningDevice).comeBack(performance.now() + BACK_WITHIN_MS));
  const writer = await Writer.begin(app);
  await writer.calm();
  const calmMs = writer.p99();
  for (const device of devices) device.cutOff();
  await say(devices, groups);
  await inParallel(AT_ONCE, count, (at) => (devices[at] as ReturningDevice).connect().catch(() => undefined));

  for (const device of devices) device.told.length = 0;
  const startedMs = performance.now();
  const back = await Promise.allSettled(devices.map((device) => device.comeBack(startedMs + BACK_WITHIN_MS)));
  const tookMs = performance.now() - startedMs;
  const stormMs = writer.p99();
  writer.end();

  const told = devices.flatMap((device) => device.told);
  const cut = devices.reduce((sum, device) => sum + device.cut, 0);
  const lost = back.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
  const wrong = devices.filter(({ got }) => got !== MISSED).length;
  const problems: string[] = [];
  if (lost.length > 0) problems.push(`${lost.length} of ${count} did not come back: ${lost[0]}`);
  if (wrong > 0) problems.push(`${wrong} of ${count} did not get the ${MISSED} messages that they had missed, and only these.`);
  if (tookMs > BACK_WITHIN_MS) problems.push(`It took ${tookMs.toFixed(0)} ms until all were back.`);
  if (told.length > MANY && new Set(told).size < told.length / 4)
    problems.push('Those who were refused were told the same span.');
  const { failed } = writer;
  if (failed.length > 0) problems.push(`${failed.length} messages of somebody else were not acked: ${failed[0]}.`);
  const refused = await numbers.of('sottovoce_socket_upgrades_refused_total');
  const spans = told.length === 0 ? '' : ` (told to wait ${Math.min(...told)} to ${Math.max(...told)} ms)`;
  watch.say(
    `${count} came back at once, all caught up in ${(tookMs / 1_000).toFixed(1)} s; ${refused} upgrades refused${spans}, ${cut} connections ended unanswered; ack p99 of who writes meanwhile ${calmMs.toFixed(0)} ms before, ${stormMs.toFixed(0)} ms in it`,
  );
  for (const device of devices) device.cutOff();
  return problems;
}
