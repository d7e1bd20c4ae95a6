/** A device at full speed: it looks at frames only as far as it must to count them, so that the programme stays light. */
import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { SUB_PROTOCOL } from '../../src/adapters/websocket/frames.js';
import type { Person } from '../support/person.js';
import { until } from '../support/until.js';

const ACK = '{"type":"ack"';
const ERROR = '{"type":"error"';
const POST = '{"type":"message-posted"';
const CAUGHT_UP = '{"type":"caught-up"';

export class CountingLine {
  acked = 0;
  refused = 0;
  posts = 0;
  private sent = 0;
  private isLive = false;

  private constructor(private readonly socket: WebSocket) {
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const head = data.toString('latin1', 0, POST.length);
      if (head.startsWith(ACK)) this.acked += 1;
      else if (head.startsWith(ERROR)) this.refused += 1;
      else if (head.startsWith(CAUGHT_UP)) this.isLive = true;
      else if (head === POST && data.includes('"class":"post"')) this.posts += 1;
    });
  }

  static async open(person: Person): Promise<CountingLine> {
    const address = `${person.app.url.replace('http', 'ws')}/v1/socket`;
    const socket = new WebSocket(address, [SUB_PROTOCOL], { headers: { authorization: `Bearer ${person.accessToken}` } });
    const line = new CountingLine(socket);
    await until('the socket opens', () => socket.readyState === WebSocket.OPEN);
    const data = { capabilities: [], client: { name: 'counting', version: '1' } };
    socket.send(JSON.stringify({ type: 'hello', id: randomUUID(), data }));
    await until('it has caught up', () => line.isLive);
    return line;
  }

  get underWay(): number {
    return this.sent - this.acked - this.refused;
  }

  send(type: string, data: object): void {
    this.sent += 1;
    this.socket.send(JSON.stringify({ type, id: randomUUID(), data }));
  }

  close(): void {
    this.socket.terminate();
  }
}
