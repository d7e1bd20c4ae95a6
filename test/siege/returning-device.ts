/** A device of a crowd: it is cut off, and comes back with its cursor as often as it is told to come later. */
import { randomUUID } from 'node:crypto';
import { Person } from '../support/person.js';
import { frame, op, RawSocket, upgradeHead } from '../support/raw-socket.js';

const ADDRESSES = 8;
const AGAIN_MS = 500;
const REQUEST_TIMEOUT = 408;
const POST = '{"type":"message-posted"';
const CAUGHT_UP = '{"type":"caught-up"';

export class ReturningDevice {
  /** Messages that it was given between its hello and its `caught-up`. */
  got = 0;
  /** The spans that it was told to wait. */
  readonly told: number[] = [];
  /** Connections that ended before anything was said on them. */
  cut = 0;
  private raw: RawSocket | undefined;
  private cursor: string | undefined;

  constructor(
    readonly person: Person,
    private readonly number: number,
  ) {}

  /** Only the connection: what is to be said on it comes with all others. */
  async connect(): Promise<void> {
    this.raw = await RawSocket.connect(this.person.app.url, `127.0.0.${1 + (this.number % ADDRESSES)}`);
  }

  cutOff(): void {
    this.raw?.destroy();
    this.raw = undefined;
  }

  /** Until it has caught up; what it has missed is counted. */
  async comeBack(untilMs: number): Promise<void> {
    for (;;) {
      const waitMs = await this.tryOnce();
      if (waitMs === undefined) return;
      this.cutOff();
      if (performance.now() + waitMs > untilMs) throw new Error('It was not let in.');
      await new Promise((resolve) => setTimeout(resolve, waitMs * (1 + Math.random() / 10)));
    }
  }

  /** How long to wait, or nothing when it is in. */
  private async tryOnce(): Promise<number | undefined> {
    if (this.raw === undefined) await this.connect().catch(() => undefined);
    const { raw } = this;
    if (raw === undefined) return this.wasCut();
    raw.write(upgradeHead(this.person.accessToken));
    await changed(raw, () => raw.status !== 0);
    // Too late for the server, or for this machine: as good as no connection.
    if (raw.status === 0 || raw.status === REQUEST_TIMEOUT) return this.wasCut();
    if (raw.status !== 101) {
      await changed(raw, () => false);
      const { retryAfterMs } = JSON.parse(raw.rest);
      if (!(retryAfterMs > 0)) throw new Error(`Refused without a span to wait: ${raw.head} ${raw.rest}`);
      this.told.push(retryAfterMs);
      return retryAfterMs;
    }
    return (await this.catchUp(raw)) ? undefined : this.wasCut();
  }

  private async catchUp(raw: RawSocket): Promise<boolean> {
    const { cursor } = this;
    const data = { ...(cursor && { cursor }), capabilities: [], client: { name: 'returning', version: '1' } };
    raw.write(frame({ opcode: op.text, payload: JSON.stringify({ type: 'hello', id: randomUUID(), data }) }));
    const caughtUp = () => raw.received.find(({ payload }) => payload.toString('latin1', 0, CAUGHT_UP.length) === CAUGHT_UP);
    await changed(raw, () => caughtUp() !== undefined);
    const last = caughtUp();
    if (last === undefined) return false;
    this.cursor = JSON.parse(last.payload.toString()).data.cursor;
    this.got = raw.received.filter(({ payload }) => payload.toString('latin1', 0, POST.length) === POST).length;
    raw.received.length = 0;
    return true;
  }

  private wasCut(): number {
    this.cut += 1;
    return AGAIN_MS;
  }
}

/** Until it holds, or the connection is over. */
function changed(raw: RawSocket, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!holds() && !raw.isOver) return;
      for (const event of ['data', 'end', 'close']) raw.tcp.off(event, look);
      resolve();
    };
    for (const event of ['data', 'end', 'close']) raw.tcp.on(event, look);
    look();
  });
}
