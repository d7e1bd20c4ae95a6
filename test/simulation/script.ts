/** What happens in a world: its people move in, do what the plan says, and suffer what the plan says. */
import { collectDraft } from '../../src/application/message/collect-draft.js';
import type { Counted } from './counters.js';
import { Device } from './device.js';
import type { Json } from './history.js';
import { isKeyedName } from './keyed-door.js';
import { type Doing, type Fault, type Item, isFault } from './plan.js';
import type { World } from './world.js';

const SPKI_OF_ED25519 = '302a300506032b6570032100';
const MONTHS_MAX = 2;
const LINK_FAULTS = {
  cut: 'link: cut',
  'half-open': 'link: half-open',
  'slow reader': 'link: slow reader',
  'stops reading': 'link: reader stopped',
} as const;
const DAY_MS = 24 * 60 * 60 * 1_000;

export class Script {
  private readonly accounts: string[] = [];
  private readonly erased = new Set<number>();
  private months = 0;

  constructor(private readonly world: World) {}

  /** Everybody signs in on all devices; there is a group of all, one of the first three, and a direct conversation. */
  async moveIn(): Promise<void> {
    const { plan, rooms } = this.world;
    for (const [person, devices] of plan.people.entries()) {
      for (let device = 0; device < devices; device += 1) await this.signIn(person);
    }
    const creator = this.world.devices[0]!;
    for (const people of [this.accounts, this.accounts.slice(0, 3)]) await this.openGroup(creator, people);
    await this.openDirect(this.world.devices.at(-1)!, this.accounts[0]!);
    if (rooms.length < 2) throw new Error('The rooms of a world were not made.');
  }

  perform(item: Item): void {
    if (isFault(item)) this.suffer(item);
    else void this.act(item);
  }

  private async act(item: Doing): Promise<unknown> {
    const { world } = this;
    switch (item.do) {
      case 'say':
        return this.say(world.deviceOf(item.device), world.roomOf(item.room), item.twice);
      case 'say at once':
        for (let index = 0; index < item.count; index += 1) this.say(world.chance.pick(world.devices), world.roomOf(item.room));
        return;
      case 'say otherwise':
        return this.sayOtherwise(world.deviceOf(item.device), world.roomOf(item.room));
      case 'say again':
        return this.sayAgain(world.deviceOf(item.device));
      case 'take back':
        return this.takeBack(world.deviceOf(item.device), world.roomOf(item.room));
      case 'take back again':
        return this.takeBack(world.deviceOf(item.device), world.roomOf(0));
      case 'read':
        return this.read(world.deviceOf(item.device), world.roomOf(item.room));
      case 'look':
        return this.look(world.deviceOf(item.device), world.roomOf(item.room));
      case 'go away':
        return world.deviceOf(item.device).goAway(item.forMs);
      case 'reinstall':
        world.counters.hit('device: reinstalled');
        return world.deviceOf(item.device).reinstall();
      case 'collect drafts':
        return this.collectDrafts(item.process);
      case 'link':
        if (this.erased.has(item.person)) return;
        await this.signIn(item.person);
        return world.counters.hit('device: linked');
      case 'erase':
        return this.erase(item.person);
      case 'ask again':
        return this.askAgain(world.deviceOf(item.device));
      default:
        return this.administer(item);
    }
  }

  private async administer(item: Extract<Doing, { do: 'add' | 'put out' | 'leave' | 'open group' | 'open direct' | 'revoke' }>) {
    const { world } = this;
    const device = world.deviceOf(item.device);
    switch (item.do) {
      case 'add':
        return this.task(device, 'addMember', {
          conversationId: world.roomOf(item.room),
          accountId: this.accounts[item.person]!,
        });
      case 'put out': {
        const conversationId = world.roomOf(item.room);
        const memberId = device.memory.rooms.get(conversationId)?.members.get(this.accounts[item.person]!);
        return memberId === undefined ? undefined : this.task(device, 'removeMember', { conversationId, memberId });
      }
      case 'leave':
        return this.task(device, 'leaveConversation', { conversationId: world.roomOf(item.room) });
      case 'open group':
        return this.openGroup(
          device,
          item.people.map((person) => this.accounts[person]!),
        );
      case 'open direct':
        return this.openDirect(device, this.accounts[item.person]!);
      case 'revoke': {
        const own = world.devices.filter(({ accountId, isOff }) => accountId === device.accountId && !isOff);
        const of = own[item.of % own.length];
        if (own.length < 2 || of === undefined || of === device) return undefined;
        world.counters.hit('device: revoked');
        return this.task(device, 'revokeDevice', { deviceId: of.deviceId });
      }
    }
  }

  /** By HTTP, again and again until there is an answer that no repetition changes. */
  private async task(
    device: Device,
    name: Parameters<World['request']>[2],
    input: Json,
    key = this.keyFor(device, name, input),
  ): Promise<Json | undefined> {
    const { world } = this;
    device.tasks += 1;
    try {
      while (!device.isOff) {
        const process = world.anyProcess();
        const answer = process === undefined ? undefined : await world.request(device, process, name, input, key);
        if (answer?.ok) return answer.value;
        if (answer !== undefined && !answer.problem.retryable) return undefined;
        await world.schedule.wait(device, 200 + world.chance.fraction() * 1_000);
      }
      return undefined;
    } finally {
      device.tasks -= 1;
    }
  }

  /** Mostly one of its own; some clients choose one that says what they do, or one that they had already. */
  private keyFor(device: Device, name: string, input: Json): string | undefined {
    const { world } = this;
    const { chance, ids, keyed, plan } = world;
    if (!plan.isKeyed || !isKeyedName(name)) return undefined;
    const used = keyed.filter((one) => one.device === device && one.name === name);
    const key = chance.weighted([
      [6, ids.uuid()],
      [2, `${name}:${input.conversationId ?? input.accountId}`],
      [2, used.length === 0 ? ids.uuid() : chance.pick(used).key],
    ] as const);
    keyed.push({ device, name, input, key });
    return key;
  }

  private async askAgain(device: Device): Promise<void> {
    const own = this.world.keyed.filter((keyed) => keyed.device === device);
    if (own.length === 0) return;
    const { name, input, key } = this.world.chance.pick(own);
    await this.task(device, name, input, key);
  }

  private async openGroup(device: Device, accountIds: readonly string[]): Promise<void> {
    const conversationId = this.world.ids.uuid();
    this.world.rooms.push(conversationId);
    await this.task(device, 'createGroup', { conversationId, title: `Room ${this.world.rooms.length}`, accountIds });
  }

  private async openDirect(device: Device, accountId: string): Promise<void> {
    if (accountId === device.accountId) return;
    const made = await this.task(device, 'createDirect', { accountId });
    const conversationId = made?.conversationId as string | undefined;
    if (conversationId === undefined || this.world.rooms.includes(conversationId)) return;
    this.world.counters.hit('direct: opened');
    this.world.rooms.push(conversationId);
  }

  say(device: Device, conversationId: string, isTwice = false): void {
    const { said, ids } = this.world;
    const messageId = ids.uuid();
    const data = { conversationId, messageId, content: { type: 'text', text: `Message ${said.length + 1} of this story` } };
    said.push({ messageId, conversationId, account: device.accountId, data });
    device.post('send-message', data);
    if (isTwice) device.post('send-message', data);
  }

  private sayOtherwise(device: Device, conversationId: string): void {
    const { said, chance } = this.world;
    if (said.length === 0) return;
    const { messageId } = chance.pick(said);
    device.post('send-message', { conversationId, messageId, content: { type: 'text', text: 'Something else altogether' } });
  }

  private sayAgain(device: Device): void {
    const own = this.world.said.filter(({ account }) => account === device.accountId);
    if (own.length > 0) device.post('send-message', this.world.chance.pick(own).data);
  }

  private takeBack(device: Device, conversationId: string): void {
    const messages = [...(device.memory.rooms.get(conversationId)?.messages.keys() ?? [])];
    if (messages.length > 0) device.post('remove-message', { conversationId, messageId: this.world.chance.pick(messages) });
  }

  /** Who scrolls marks one place after the other. */
  private read(device: Device, conversationId: string): void {
    const { chance } = this.world;
    const lastSeq = device.memory.rooms.get(conversationId)?.lastSeq ?? 0;
    const first = chance.between(Math.max(1, lastSeq - 2), Math.max(1, lastSeq));
    const places = chance.happens(0.3) ? [first, first + 1, lastSeq] : [first];
    for (const seq of places) if (seq <= lastSeq) device.post('mark-read', { conversationId, seq });
  }

  private async look(device: Device, conversationId: string): Promise<void> {
    const process = this.world.anyProcess();
    if (process === undefined || device.isOff) return;
    const { life } = process.durable.kept;
    const askedMs = this.world.schedule.nowMs;
    const found = await this.world.ask(device, process, async () => ({
      conversation: await process.reads.conversation(device.principal, conversationId as never),
      receipts: await process.reads.receipts(device.principal, conversationId as never),
      messages: await process.reads.messages(device.principal, conversationId as never, { limit: 20 }),
    }));
    if (found === undefined || process.durable.kept.life !== life) return;
    this.world.sawRead(device, process, 'conversation', conversationId, found.conversation as unknown as Json, { askedMs });
    this.world.sawRead(device, process, 'receipts', conversationId, { items: found.receipts }, { askedMs });
    this.world.sawRead(device, process, 'messages', conversationId, { items: found.messages.items }, { askedMs });
  }

  private async collectDrafts(index: number): Promise<void> {
    const process = this.world.servers[index];
    if (process === undefined) return;
    const collect = collectDraft(process.deps);
    for (const { messageId } of this.world.said) {
      try {
        if ((await collect(messageId as never)).ok) this.world.counters.hit('draft: collected');
      } catch {
        return;
      }
    }
  }

  /** An operator destroys somebody's keys and takes what is personal out of the views. */
  private async erase(person: number): Promise<void> {
    const { world } = this;
    const account = this.accounts[person];
    if (this.erased.size > 0 || account === undefined) return;
    this.erased.add(person);
    world.counters.hit('account: erased');
    for (const device of world.devices) if (device.accountId === account) device.switchOff();
    world.history.add({ kind: 'erased', account });
    world.erasing = true;
    while (world.erasing) {
      const at = world.anyProcess();
      const destroy = async () => {
        await at!.deps.keys.destroy(account as never);
        return true;
      };
      if (at !== undefined && (await world.exchange(world.nobody, at, destroy))) world.erasing = false;
      else await world.schedule.wait(world.nobody, 1_000);
    }
  }

  private async signIn(person: number): Promise<void> {
    const { world } = this;
    const identifier = { kind: 'phone', value: `+1555000000${person}` };
    const publicKey = Buffer.from(SPKI_OF_ED25519 + world.ids.bytes(32).toString('hex'), 'hex').toString('base64url');
    for (let tries = 0; tries < 50; tries += 1) {
      const process = world.anyProcess();
      const started = process && (await world.request(undefined, process, 'startVerification', { identifier }));
      const code = world.codes.sent.at(-1)?.code;
      if (process !== undefined && started?.ok && code !== undefined) {
        const { verificationId } = started.value;
        const device = { publicKey, name: `Device ${world.devices.length}` };
        const done = await world.request(undefined, process, 'completeVerification', { verificationId, code, device });
        if (done?.ok) {
          this.settle(person, done.value.accountId as string, done.value.deviceId as string);
          return;
        }
      }
      await world.schedule.wait(world.nobody, 1_000);
    }
  }

  private settle(person: number, accountId: string, deviceId: string): void {
    this.accounts[person] = accountId;
    const device = new Device(this.world, person, accountId, deviceId);
    this.world.devices.push(device);
    // It was signing in while the account was erased.
    if (this.erased.has(person)) device.switchOff();
    void device.live();
  }

  private suffer(item: Fault): void {
    const { world } = this;
    if (item.fault === 'a month passes') {
      if (this.months === MONTHS_MAX) return;
      this.months += 1;
      world.counters.hit('clock: a month');
      world.schedule.leap(32 * DAY_MS);
    } else if ('device' in item) this.breakLink(item);
    else this.trouble(item);
  }

  private breakLink(item: Extract<Fault, { device: number }>): void {
    const { link } = this.world.deviceOf(item.device);
    if (link === undefined) return;
    this.world.counters.hit(LINK_FAULTS[item.fault]);
    if (item.fault === 'cut') link.breaksAfterFrames = item.afterFrames;
    else if (item.fault === 'half-open') link.cut(false);
    else if (item.fault === 'slow reader') link.slowUntilMs = this.world.schedule.nowMs + item.forMs;
    else this.world.deviceOf(item.device).stopReading(item.forMs);
  }

  private trouble(item: Extract<Fault, { process: number }>): void {
    const { world } = this;
    const process = world.servers[item.process];
    if (process === undefined) return;
    const hit = (what: Counted): void => world.counters.hit(what);
    switch (item.fault) {
      case 'crash':
        hit('process: crashed');
        world.crash(process, item);
        return;
      case 'crash between writes':
        process.isCutShort = true;
        return;
      case 'pause':
        hit('process: paused');
        process.pausedUntilMs = world.schedule.nowMs + item.forMs;
        return;
      case 'clock jumps':
        hit('clock: jumped');
        process.skewMs = item.byMs;
        return;
      case 'store':
        process.trouble.storeRate = item.rate;
        process.trouble.begin('store', item.forMs);
        return;
      default:
        process.trouble.begin(item.fault, item.forMs);
    }
  }
}
