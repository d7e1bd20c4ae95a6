/**
 * How a device lives without a socket: it syncs by requests that wait for news, and makes its commands as requests, too.
 * Whoever goes away hangs up, which its process hears of a little later.
 */
import type { SyncPage } from '../../src/adapters/nest/sync.js';
import type { Device } from './device.js';
import type { Json } from './history.js';
import type { ServerProcess } from './server.js';

const POLLS_MAX = 6;
const WAITS_MS = [3_000, 10_000, 30_000] as const;
const HANG_UP_IS_HEARD_WITHIN_MS = 50;
const AGAIN_AFTER_MS = 1_000;
/** The look that finds nothing, the one of who has entered, and at least one more. */
const LOOKS_OF_WHO_WAITED_MIN = 3;

export class Polling {
  isOn = false;
  private hangUp: () => void = () => undefined;

  constructor(private readonly device: Device) {}

  stop(): void {
    this.isOn = false;
    this.hangUp();
  }

  /** A few polls, one after the other; at the end of a world until somebody stops it. */
  async live(): Promise<void> {
    const { device } = this;
    const { world } = device;
    if (device.cursor === undefined && !(await device.syncByPages())) return;
    if (device.isOff) return;
    this.isOn = true;
    device.sendAll();
    for (let left = world.chance.between(1, POLLS_MAX); this.isOn && (left > 0 || world.isQuiet); left -= 1)
      if (!(await this.poll())) break;
    this.isOn = false;
    device.isLive = false;
  }

  /** The reply, as a socket would bring it; undefined when there was none. */
  async command(type: string, data: Json): Promise<Json | undefined> {
    const { device } = this;
    const { world } = device;
    const call = world.history.call(device, type, data);
    const process = world.anyProcess();
    const answer = process && (await world.exchange(device, process, () => world.command(device, process, type, data)));
    if (answer === undefined) {
      await world.schedule.wait(device, world.chance.fraction() * AGAIN_AFTER_MS);
      return undefined;
    }
    world.counters.hit('request: command');
    world.answered(call, answer);
    return answer;
  }

  private async poll(): Promise<boolean> {
    const { device } = this;
    const { world, installations } = device;
    const process = world.anyProcess();
    if (process === undefined) return false;
    const waitMs = device.isLive ? world.chance.pick(WAITS_MS) : 0;
    const page = await this.untilHungUp(process, waitMs);
    if (page === undefined || !this.isOn || device.isOff || installations !== device.installations) return false;
    device.takePage(page);
    device.isLive = page.caughtUp;
    return true;
  }

  private untilHungUp(process: ServerProcess, waitMs: number): Promise<SyncPage | undefined> {
    const { device } = this;
    const { world, cursor } = device;
    const gone = new AbortController();
    const asked = world.ask(device, process, () => this.asked(process, { cursor, waitMs, gone: gone.signal }), waitMs);
    const hungUp = new Promise<undefined>((resolve) => {
      this.hangUp = () => {
        if (waitMs > 0) world.counters.hit('poll: abandoned');
        const heardMs = world.schedule.nowMs + world.chance.fraction() * HANG_UP_IS_HEARD_WITHIN_MS;
        world.schedule.at(process, heardMs, () => gone.abort());
        this.hangUp = () => undefined;
        resolve(undefined);
      };
    });
    const over = (): void => {
      this.hangUp = () => undefined;
    };
    asked.then(over, over);
    return Promise.race([asked, hungUp]);
  }

  private async asked(process: ServerProcess, poll: { cursor: string | undefined; waitMs: number; gone: AbortSignal }) {
    const { counters } = this.device.world;
    let looks = 0;
    const polls = process.polls(() => {
      looks += 1;
    });
    const page = await polls.page(process.sessionOf(this.device.principal), poll);
    if (looks >= LOOKS_OF_WHO_WAITED_MIN && !poll.gone.aborted)
      counters.hit(page.items.length > 0 ? 'poll: woken' : 'poll: empty');
    return page;
  }
}
