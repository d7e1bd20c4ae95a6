/** What a trace tells of a send: from its frame to the sockets of the readers, in one trace, and nothing of who it was. */

import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openInstruments } from '../../src/instruments.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person } from '../support/person.js';
import { until } from '../support/until.js';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

/** As much of a receiver of OTLP over HTTP as a test needs. */
class Receiver {
  readonly bodies: string[] = [];
  private constructor(private readonly server: Server) {}

  static async open(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (piece) => {
        body += piece;
      });
      request.on('end', () => {
        receiver.bodies.push(body);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1/traces`;
  }

  spans(): readonly Span[] {
    return this.bodies.flatMap((body) =>
      JSON.parse(body).resourceSpans.flatMap((one: { scopeSpans: { spans: Span[] }[] }) =>
        one.scopeSpans.flatMap(({ spans }) => spans),
      ),
    );
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

describe('the traces of a server', () => {
  let receiver: Receiver;
  let app: AppUnderTest;
  const ids: string[] = [];
  beforeAll(async () => {
    receiver = await Receiver.open();
    const instruments = await openInstruments({ admin: { host: '127.0.0.1', port: 0 }, traces: { url: receiver.url, ratio: 1 } });
    app = await openApp({ instruments });
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const [adas, bens] = [await ada.online(), await ben.online()];
    const conversationId = await ada.directWith(ben);
    const messageId = crypto.randomUUID();
    await adas.ask('send-message', { conversationId, messageId, content: { type: 'text', text: 'Hello, Ben' } });
    await bens.next((frame) => frame.type === 'message-posted');
    // A server that stops projects what it has taken in and no more.
    await app.server.processes.projector.waitFor(await app.foundation.deps.eventStore.headPosition(), 10_000);
    ids.push(ada.accountId, ben.accountId, ada.deviceId, ben.deviceId, conversationId, messageId);
    await adas.close();
    await bens.close();
    await app.server.stop();
    await until('the spans have come', () => receiver.spans().some(({ name }) => name === 'consume projector'));
  }, 60_000);
  afterAll(async () => {
    receiver.close();
    await rm(app.folder, { recursive: true, force: true });
  });

  it('lead from the frame by the command to its append and its consumers, in one trace', () => {
    const command = receiver.spans().find(({ name }) => name === 'command sendMessage');
    const mine = receiver.spans().filter(({ traceId }) => traceId === command?.traceId);
    const named = (name: string) => mine.find((span) => span.name === name);
    expect(named('frame send-message')?.parentSpanId ?? '').toBe('');
    expect(command?.parentSpanId).toBe(named('frame send-message')?.spanId);
    for (const name of ['append', 'consume projector', 'consume fan-out']) {
      expect([name, named(name)?.parentSpanId]).toEqual([name, command?.spanId]);
    }
  });

  it('lead from a request in the same way', () => {
    const command = receiver.spans().find(({ name }) => name === 'command createDirect');
    const door = receiver.spans().find(({ spanId }) => spanId === command?.parentSpanId);
    expect([door?.name, door?.traceId]).toEqual(['request createDirect', command?.traceId]);
  });

  it('hold no id of anybody or anything, and no content', () => {
    expect(receiver.bodies.join('').length).toBeGreaterThan(1_000);
    for (const told of [...ids, 'Hello, Ben', '+1555']) expect(receiver.bodies.join('')).not.toContain(told);
  });
});

describe('without an address for traces', () => {
  it('nothing is entered, told or wrapped', async () => {
    const instruments = await openInstruments({ admin: { host: '127.0.0.1' }, traces: { ratio: 1 } });
    const ports = {} as Parameters<typeof instruments.watch>[0];
    expect(instruments.doors).toEqual({});
    expect(instruments.watch(ports)).toBe(ports);
  });
});
