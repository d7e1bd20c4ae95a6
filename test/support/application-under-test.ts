/**
 * The application as a process runs it, on adapters in memory: real use cases over a store that is no more helpful than
 * it must be, a clock moved by hand, ids that are the same in every run. Several processes may stand on the same stores.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { NodeKeyProofs } from '../../src/adapters/crypto/node-key-proofs.js';
import { InMemoryCodeSender } from '../../src/adapters/in-memory/in-memory-code-sender.js';
import { InMemoryCredentials } from '../../src/adapters/in-memory/in-memory-credentials.js';
import { InMemoryDirectory } from '../../src/adapters/in-memory/in-memory-directory.js';
import { InMemoryEventFeed } from '../../src/adapters/in-memory/in-memory-event-feed.js';
import { InMemoryEventStore } from '../../src/adapters/in-memory/in-memory-event-store.js';
import { InMemoryIdempotencyLedger } from '../../src/adapters/in-memory/in-memory-idempotency-ledger.js';
import { InMemoryPostedIndex } from '../../src/adapters/in-memory/in-memory-posted-index.js';
import { InMemoryRateLimiter } from '../../src/adapters/in-memory/in-memory-rate-limiter.js';
import { InMemoryRootKeys } from '../../src/adapters/in-memory/in-memory-root-keys.js';
import { InMemorySubjectKeys } from '../../src/adapters/in-memory/in-memory-subject-keys.js';
import type { SignedIn } from '../../src/application/account/complete-verification.js';
import { ConversationStates } from '../../src/application/conversation-states.js';
import type { StoredDomainEvent } from '../../src/application/event-catalogue.js';
import { EventCodec } from '../../src/application/event-codec.js';
import type { Identifier } from '../../src/application/ports/directory.js';
import type { StoredEvent, Write } from '../../src/application/ports/event-store.js';
import type { Ports } from '../../src/application/ports/ports.js';
import { ReceiptMarks } from '../../src/application/receipts/receipt-marks.js';
import type { Context, Deps, Settings, SignedContext } from '../../src/application/use-case.js';
import { useCases } from '../../src/application/use-cases.js';
import type { Result } from '../../src/domain/kernel/decider.js';
import type { Envelope } from '../../src/domain/kernel/envelope.js';
import type { CorrelationId } from '../../src/domain/kernel/ids.js';
import { CountingIdSource } from './counting-id-source.js';
import { TestClock } from './test-clock.js';

export const settings: Settings = { signInsPerTargetHourMax: 5, signInsPerAddressHourMax: 20, lookupsPerAccountMinuteMax: 30 };

/** Somebody with a device: what signing in gave, and the private key that signs for it. */
export interface Person extends SignedIn {
  readonly context: SignedContext;
  readonly identifier: Identifier;
  readonly publicKey: string;
  sign(message: string): string;
}

export interface DeviceKeys {
  readonly publicKey: string;
  sign(message: string): string;
}

export function deviceKeys(): DeviceKeys {
  const { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('ed25519');
  return {
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64url'),
    sign: (message) => sign(null, Buffer.from(message), privateKey).toString('base64url'),
  };
}

const run = <Key extends keyof typeof useCases>(deps: Deps, name: Key): ReturnType<(typeof useCases)[Key]> =>
  (useCases[name] as (deps: Deps) => unknown)(deps) as ReturnType<(typeof useCases)[Key]>;

/** Every use case of one process, over its own caches. */
export function processOver(ports: Ports, given: Settings = settings) {
  const codec = new EventCodec(ports.keys);
  const own = { ...ports, codec, settings: given };
  const deps: Deps = { ...own, conversations: new ConversationStates(own), receiptMarks: new ReceiptMarks(own) };
  const all = Object.keys(useCases) as (keyof typeof useCases)[];
  const cases = Object.fromEntries(all.map((name) => [name, run(deps, name)]));
  return { deps, ...(cases as { [Key in keyof typeof useCases]: ReturnType<(typeof useCases)[Key]> }) };
}

export type Process = ReturnType<typeof processOver>;

export class ApplicationUnderTest {
  /** Every append that was asked for, in order, and when by the monotonic clock. */
  readonly appends: { readonly atMs: number; readonly writes: readonly Write[] }[] = [];
  private people = 0;

  private constructor(
    readonly ports: Ports,
    readonly clock: TestClock,
    readonly codes: InMemoryCodeSender,
    readonly ids: CountingIdSource,
  ) {}

  static async open(overrides: Partial<Ports> = {}): Promise<ApplicationUnderTest> {
    const clock = new TestClock();
    const ids = new CountingIdSource('application-under-test');
    const codes = new InMemoryCodeSender();
    const rootKeys = new InMemoryRootKeys();
    const eventStore = overrides.eventStore ?? new InMemoryEventStore({ sequential: true, eventIds: 'eventstoredb' });
    const secret = Buffer.alloc(32, 7);
    const ports: Ports = {
      eventStore,
      eventFeed: new InMemoryEventFeed(eventStore),
      keys: await InMemorySubjectKeys.open(rootKeys, clock),
      rootKeys,
      postedIndex: new InMemoryPostedIndex(eventStore),
      directory: new InMemoryDirectory(secret),
      credentials: new InMemoryCredentials(secret, ids),
      codeSender: codes,
      idempotencyLedger: new InMemoryIdempotencyLedger(secret, ids),
      rateLimiter: new InMemoryRateLimiter(secret),
      keyProofs: new NodeKeyProofs(),
      clock,
      ids,
      ...overrides,
    };
    const core: ApplicationUnderTest = new ApplicationUnderTest(
      { ...ports, eventStore: recording(eventStore, () => core) },
      clock,
      codes,
      ids,
    );
    return core;
  }

  /** Another process over the same stores. */
  process(overrides: Partial<Ports> = {}, given: Partial<Settings> = {}): Process {
    return processOver({ ...this.ports, ...overrides }, { ...settings, ...given });
  }

  anyone(address = '192.0.2.1'): Context {
    return { correlationId: this.ids.uuid() as CorrelationId, address };
  }

  /** Signs somebody new in, or an identifier that is given. */
  async signIn(process: Process, given: { identifier?: Identifier; keys?: DeviceKeys; name?: string } = {}): Promise<Person> {
    this.people += 1;
    const identifier = given.identifier ?? { kind: 'phone', value: `+1555${String(this.people).padStart(7, '0')}` };
    const { publicKey, sign: signWith } = given.keys ?? deviceKeys();
    const started = await process.startVerification({ identifier }, this.anyone(`198.51.100.${this.people}`));
    const { verificationId } = granted(started);
    const { code } = this.codes.sent.at(-1)!;
    const device = { publicKey, name: given.name ?? `Device ${this.people}` };
    const signedIn = granted(
      await this.whileTimePasses(process.completeVerification({ verificationId, code, device }, this.anyone())),
    );
    return { ...signedIn, context: this.as(signedIn), identifier, publicKey, sign: signWith };
  }

  as({ accountId, deviceId }: Pick<SignedIn, 'accountId' | 'deviceId'>): SignedContext {
    return { correlationId: this.ids.uuid() as CorrelationId, principal: { accountId, deviceId } };
  }

  /** Lets time pass until the work is done: retries and coalescing wait for the clock. */
  async whileTimePasses<Value>(work: Promise<Value>, stepMs = 1): Promise<Value> {
    let isDone = false;
    const done = (): void => {
      isDone = true;
    };
    work.then(done, done);
    for (let turn = 0; !isDone; turn += 1) {
      if (turn > 100_000) throw new Error('The work does not come to an end.');
      await new Promise((resolve) => setImmediate(resolve));
      if (!isDone && this.clock.waiting > 0) this.clock.advance(stepMs);
    }
    return work;
  }

  async stored(): Promise<readonly StoredEvent[]> {
    return this.ports.eventStore.readAll(0, 1_000_000);
  }

  /** The events of a stream, decoded; none when there is no stream. */
  async eventsOf(stream: string): Promise<readonly Envelope<StoredDomainEvent>[]> {
    const codec = new EventCodec(this.ports.keys);
    return (await this.stored()).filter((event) => event.stream === stream).map((event) => codec.decode(event));
  }

  async typesOf(stream: string): Promise<readonly string[]> {
    return (await this.eventsOf(stream)).map(({ type }) => type);
  }
}

function recording(store: Ports['eventStore'], core: () => ApplicationUnderTest): Ports['eventStore'] {
  return {
    append: (writes) => {
      core().appends.push({ atMs: core().clock.monotonicMs(), writes });
      return store.append(writes);
    },
    remove: (...args) => store.remove(...args),
    truncate: (...args) => store.truncate(...args),
    readStream: (...args) => store.readStream(...args),
    readAll: (...args) => store.readAll(...args),
    headPosition: () => store.headPosition(),
    appendedAfter: (...args) => store.appendedAfter(...args),
  };
}

export function granted<Value>(result: Result<Value, unknown>): Value {
  if (!result.ok) throw new Error(`It was refused: ${JSON.stringify(result.rejection)}`);
  return result.value;
}
