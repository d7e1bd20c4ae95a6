/** One device that sends whatever it is given: it opens its socket again whenever the server has closed it. */
import { randomUUID } from 'node:crypto';
import type { Person } from '../support/person.js';
import { frame, op, RawSocket, type Received, upgradeHead } from '../support/raw-socket.js';

const PROBE = 'are you there?';
/** How long a frame is waited for that claims more bytes than it has. */
const UNFINISHED_MS = 15;
const ANSWER_MS = 5_000;
const TRIES_MAX = 20;
const RETRY_MS = 250;

export interface Outcome {
  readonly received: readonly Received[];
  /** `answered`, `unfinished`, or how the socket was closed. */
  readonly how: string;
}

export class FuzzedSocket {
  private raw: RawSocket | undefined;
  private saysHello = false;

  constructor(
    private readonly url: string,
    private readonly person: Person,
  ) {}

  async deliver(bytes: Buffer): Promise<Outcome> {
    const raw = await this.opened();
    raw.received.length = 0;
    raw.write(bytes);
    raw.write(frame({ opcode: op.ping, payload: PROBE }));
    const isAnswered = () => raw.received.some(({ opcode, payload }) => opcode === op.pong && payload.toString() === PROBE);
    const isClosed = () => raw.isOver || raw.received.some(({ opcode }) => opcode === op.close);
    await this.waits(raw, () => isAnswered() || isClosed(), UNFINISHED_MS);
    const isUnfinished = !isAnswered() && !isClosed();
    if (isUnfinished) {
      raw.tcp.end();
      await this.waits(raw, () => raw.isOver, ANSWER_MS);
    }
    if (!isAnswered()) this.close();
    const closing = raw.received.find(({ opcode }) => opcode === op.close);
    const code = closing === undefined || closing.payload.length < 2 ? 'without a code' : closing.payload.readUInt16BE();
    return { received: [...raw.received], how: isUnfinished ? 'unfinished' : isClosed() ? `closed ${code}` : 'answered' };
  }

  close(): void {
    this.raw?.destroy();
    this.raw = undefined;
  }

  /** Every second socket says hello, so that both what comes before and what comes after is met. */
  private async opened(): Promise<RawSocket> {
    if (this.raw !== undefined && !this.raw.isOver) return this.raw;
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const raw = await RawSocket.upgraded(this.url, upgradeHead(this.person.accessToken));
      if (raw.status === 101) {
        this.raw = raw;
        this.saysHello = !this.saysHello;
        if (this.saysHello) raw.write(frame({ opcode: op.text, payload: hello(randomUUID()) }));
        return raw;
      }
      raw.destroy();
      if (raw.status === 401) Object.assign(this.person, (await this.person.refresh()).body);
      else await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    throw new Error('The server does not let an honest device open a socket any more.');
  }

  private waits(raw: RawSocket, holds: () => boolean, withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        raw.tcp.off('data', look);
        raw.tcp.off('close', done);
        raw.tcp.off('end', done);
        resolve();
      };
      const look = () => {
        if (holds()) done();
      };
      const timer = setTimeout(done, withinMs);
      raw.tcp.on('data', look);
      raw.tcp.on('close', done);
      raw.tcp.on('end', done);
      look();
    });
  }
}

export const hello = (id: string): string =>
  JSON.stringify({ type: 'hello', id, data: { capabilities: [], client: { name: 'fuzz', version: '1' } } });
