/**
 * Eight people in twelve conversations, each as careless as a person can be: the same words and the same picture to
 * everybody, marks in all conversations at once, several devices. Everybody but the first is somewhere without the first.
 */

import { EventCodec } from '../../src/application/event-codec.js';
import type { Principal } from '../../src/application/ports/credentials.js';
import type { Identifier } from '../../src/application/ports/directory.js';
import { reactions } from '../../src/application/reactions.js';
import type { SignedContext } from '../../src/application/use-case.js';
import type { Result } from '../../src/domain/kernel/decider.js';
import type { ConversationId, CorrelationId, MemberId, MessageId } from '../../src/domain/kernel/ids.js';
import type { Content } from '../../src/domain/message/events.js';
import { deviceKeys, granted, type Process, processOver, settings } from './application-under-test.js';
import type { EmbeddedStores } from './embedded-stores.js';

/** Who is in which conversation; the first creates it. Two are a direct conversation. */
const ROOMS: readonly (readonly number[])[] = [
  ...[
    [0, 1],
    [2, 0],
    [3, 4],
    [1, 5],
    [6, 7],
  ],
  ...[
    [0, 1, 2, 3],
    [1, 0, 4],
    [2, 0, 5, 6, 7],
    [3, 4, 5],
    [4, 0, 6],
    [5, 1, 2, 6],
    [7, 3, 2],
  ],
];
const PEOPLE = 8;

export interface Room {
  readonly conversationId: ConversationId;
  readonly members: readonly number[];
}

export class Population {
  readonly process: Process;
  readonly people: Principal[] = [];
  readonly rooms: Room[] = [];

  private constructor(readonly stores: EmbeddedStores) {
    this.process = processOver(stores.ports, { ...settings, signInsPerTargetHourMax: 100, signInsPerAddressHourMax: 1_000 });
  }

  static async settle(stores: EmbeddedStores): Promise<Population> {
    const population = new Population(stores);
    for (let person = 0; person < PEOPLE; person += 1) await population.arrive(person);
    for (const members of ROOMS) await population.meet(members);
    for (let round = 0; round < 3; round += 1) for (const room of population.rooms) await population.talk(room);
    for (let person = 0; person < PEOPLE; person += 1) await population.catchUp(person);
    await population.comeAndGo();
    await population.takeBack();
    await stores.project();
    return population;
  }

  as(person: number): SignedContext {
    return { correlationId: this.stores.ports.ids.uuid() as CorrelationId, principal: this.people[person]! };
  }

  roomsOf(person: number): readonly Room[] {
    return this.rooms.filter(({ members }) => members.includes(person));
  }

  async memberId(person: number, conversationId: ConversationId): Promise<MemberId> {
    const { accountId: subject } = this.people[person]!;
    const [name] = await this.stores.ports.keys.name([{ subject, purpose: 'member', context: conversationId }]);
    return name as MemberId;
  }

  async post(person: number, { conversationId, members }: Room, text: string): Promise<MessageId> {
    const messageId = this.stores.ports.ids.uuid() as MessageId;
    const content: Content = { type: 'text', text };
    const mentions = await Promise.all(members.map((member) => this.memberId(member, conversationId)));
    const mediaIds = [`00000000-0000-4000-9000-00000000000${person}`];
    const composedAt = this.stores.ports.clock.now();
    const body = { content, hints: { mentions }, mediaIds };
    granted(await this.process.sendMessage({ conversationId, messageId, body, composedAt }, this.as(person)));
    return messageId;
  }

  /** Signs in on two devices, with a name, a ticket and a session that is prolonged. */
  private async arrive(person: number): Promise<void> {
    const identifier: Identifier = { kind: 'phone', value: `+1555000000${person}` };
    for (const device of ['phone', 'tablet']) {
      const address = { correlationId: this.stores.ports.ids.uuid() as CorrelationId, address: `192.0.2.${person}` };
      const { verificationId } = granted(await this.process.startVerification({ identifier }, address));
      const { code } = this.stores.codes.sent.at(-1)!;
      const { publicKey } = deviceKeys();
      const named = { publicKey, name: `The ${device} of person ${person}` };
      const signedIn = granted(await this.process.completeVerification({ verificationId, code, device: named }, address));
      this.people[person] = { accountId: signedIn.accountId, deviceId: signedIn.deviceId };
      granted(await this.process.renameDevice({ deviceId: signedIn.deviceId, name: `Another ${device}` }, this.as(person)));
    }
    granted(await this.process.changeProfile({ displayName: `Person ${person}` }, this.as(person)));
    granted(await this.process.issueSocketTicket({}, this.as(person)));
  }

  private async meet(members: readonly number[]): Promise<void> {
    const [creator, ...others] = members as [number, ...number[]];
    const accountIds = others.map((other) => this.people[other]!.accountId);
    if (members.length === 2) {
      const made = granted(await this.process.createDirect({ accountId: accountIds[0]! }, this.as(creator)));
      this.rooms.push({ conversationId: made.conversationId, members });
      return;
    }
    const conversationId = this.stores.ports.ids.uuid() as ConversationId;
    granted(await this.process.createGroup({ conversationId, title: 'A group of friends', accountIds }, this.as(creator)));
    this.rooms.push({ conversationId, members });
  }

  private async talk(room: Room): Promise<void> {
    for (const person of room.members) await this.post(person, room, `Person ${person} says: call me at 5550${person}42, please`);
  }

  /** One command for all conversations of a person, then a read mark in each. */
  private async catchUp(person: number): Promise<void> {
    const rooms = this.roomsOf(person);
    const delivered = rooms.map(({ conversationId, members }) => ({ conversationId, seq: members.length * 3 }));
    granted(await this.process.confirmReceived({ delivered }, this.as(person)));
    for (const { conversationId, members } of rooms) {
      granted(await this.process.markRead({ conversationId, seq: members.length * 3 + 1 }, this.as(person)));
    }
  }

  /** Somebody is removed from two groups and added again, somebody else leaves one. */
  private async comeAndGo(): Promise<void> {
    for (const room of [this.rooms[6]!, this.rooms[9]!]) {
      const { conversationId, members } = room;
      const owner = members[0]!;
      granted(
        await this.process.removeMember({ conversationId, memberId: await this.memberId(0, conversationId) }, this.as(owner)),
      );
      granted(await this.process.addMember({ conversationId, accountId: this.people[0]!.accountId }, this.as(owner)));
      await this.talk(room);
    }
    granted(await this.process.leaveConversation({ conversationId: this.rooms[8]!.conversationId }, this.as(5)));
  }

  /** Everybody removes a message in two of their conversations, and its content goes. */
  private async takeBack(): Promise<void> {
    for (let person = 0; person < PEOPLE; person += 1) {
      for (const room of this.roomsOf(person)
        .filter(({ conversationId }) => conversationId !== this.rooms[8]!.conversationId)
        .slice(-2)) {
        const messageId = await this.post(person, room, 'Never mind');
        granted(await this.process.removeMessage({ conversationId: room.conversationId, messageId }, this.as(person)));
      }
    }
    const codec = new EventCodec(this.stores.ports.keys);
    const purge = reactions['purge-removed-messages']!.reaction(this.process.deps);
    for (const stored of await this.stores.ports.eventStore.readAll(0, 1_000_000)) {
      if (stored.type === 'MessageRemoved') await purge(codec.decode(stored));
    }
  }
}

export const refusalOf = (result: Result<unknown, { readonly type: string }>): string =>
  result.ok ? 'granted' : result.rejection.type;
