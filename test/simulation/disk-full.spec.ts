/**
 * Goal: a disk that is full loses nothing that was acknowledged and doubles nothing that is told again. Method: on real
 * files whose pages run out (`max_page_count`) and come back, people send, get no answer, and send the same again.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { SendAck } from '../../src/application/message/send-message.js';
import type { SignedContext } from '../../src/application/use-case.js';
import type { AccountId, ConversationId, CorrelationId, DeviceId, MessageId } from '../../src/domain/kernel/ids.js';
import { granted, type Process, processOver } from '../support/application-under-test.js';
import { type EmbeddedStores, openEmbeddedStores } from '../support/embedded-stores.js';
import { Chance } from './chance.js';

const SEEDS = [1, 2, 3, 4];
const ROUNDS = 12;
const SENDS_AT_ONCE = 8;
const PAGES_FREE_MAX = 40;
const NO_LIMIT_PAGES = 1_000_000;

let stores: EmbeddedStores | undefined;

afterEach(async () => {
  await stores?.shut();
  stores = undefined;
});

/** What somebody says, and the ack of it once there is one. */
interface Said {
  readonly messageId: MessageId;
  readonly text: string;
  ack?: SendAck;
}

class Scenario {
  readonly chance: Chance;
  readonly said: Said[] = [];
  refusals = 0;
  readonly conversationId: ConversationId;
  private readonly people: SignedContext['principal'][];
  private readonly process: Process;

  constructor(
    seed: number,
    readonly open: EmbeddedStores,
  ) {
    this.chance = new Chance(`disk-full:${seed}`);
    this.conversationId = this.chance.uuid() as ConversationId;
    this.people = Array.from({ length: 3 }, () => ({
      accountId: this.chance.uuid() as AccountId,
      deviceId: this.chance.uuid() as DeviceId,
    }));
    this.process = processOver(open.ports);
  }

  async begin(): Promise<void> {
    for (const { accountId } of this.people) await this.open.ports.keys.register(accountId);
    const accountIds = this.people.map(({ accountId }) => accountId);
    granted(await this.process.createGroup({ conversationId: this.conversationId, title: 'Rowers', accountIds }, this.as(0)));
  }

  /** The files may grow by so many pages and no further. */
  squeeze(pages: number): void {
    for (const connection of [this.open.connections.events, this.open.connections.read]) {
      const now = connection.pragma('page_count', { simple: true }) as number;
      connection.pragma(`max_page_count = ${Math.min(NO_LIMIT_PAGES, now + pages)}`);
    }
  }

  /** Some new messages, and all that has had no answer, at once. */
  async round(isNew = true): Promise<void> {
    for (let index = 0; isNew && index < SENDS_AT_ONCE; index += 1) {
      const text = `${this.said.length} ${'x'.repeat(this.chance.below(6_000))}`;
      this.said.push({ messageId: this.chance.uuid() as MessageId, text });
    }
    const open = this.said.filter(({ ack }) => ack === undefined);
    await Promise.all(open.map((said) => this.send(said)));
    await this.open.project().catch(() => {
      this.refusals += 1;
    });
  }

  async send(said: Said): Promise<SendAck | undefined> {
    const { messageId, text } = said;
    const person = this.said.indexOf(said) % this.people.length;
    const body = { content: { type: 'text', text } } as const;
    try {
      const ack = granted(
        await this.process.sendMessage({ conversationId: this.conversationId, messageId, body }, this.as(person)),
      );
      said.ack ??= ack;
      return ack;
    } catch {
      this.refusals += 1;
      return undefined;
    }
  }

  private as(person: number): SignedContext {
    return { correlationId: this.chance.uuid() as CorrelationId, principal: this.people[person]! };
  }
}

describe('a disk that is full now and then', () => {
  it.each(SEEDS)('loses and doubles nothing, with seed %s', async (seed) => {
    stores = await openEmbeddedStores();
    const scenario = new Scenario(seed, stores);
    await scenario.begin();
    for (let round = 0; round < ROUNDS; round += 1) {
      scenario.squeeze(scenario.chance.pick([0, scenario.chance.below(PAGES_FREE_MAX), NO_LIMIT_PAGES]));
      await scenario.round();
    }
    scenario.squeeze(NO_LIMIT_PAGES);
    await scenario.round(false);

    expect(scenario.refusals).toBeGreaterThan(0);
    const posts = (await stores.ports.eventStore.readAll(0, 100_000)).filter(({ type }) => type === 'MessagePosted');
    const stored = posts.map(({ data }) => JSON.parse(data) as { readonly messageId: string; readonly seq: number });
    const acked = scenario.said.map(({ messageId, ack }) => ({ messageId, seq: ack?.seq }));
    const bySeq = (one: { readonly seq?: number | undefined }, other: { readonly seq?: number | undefined }) =>
      one.seq! - other.seq!;
    expect(stored.map(({ messageId, seq }) => ({ messageId, seq }))).toEqual(acked.sort(bySeq));
    for (const said of scenario.said.slice(-3)) {
      const { position: _, isNew: _new, ...first } = said.ack!;
      expect(await scenario.send(said)).toMatchObject({ ...first, isNew: false });
    }
    expect(stores.connections.events.pragma('integrity_check', { simple: true })).toBe('ok');
  });
});
