/**
 * One person of the demo: a device of their own, and everything that the socket brought it, as it came.
 * The record is the witness: nothing in it is sorted, merged or mended.
 */
import type { Clock } from '../../application/ports/clock.js';
import type { IdSource } from '../../application/ports/id-source.js';
import { ChatSession, type SessionEvents } from './chat-session.js';
import { DevicePrivateKey, type KeyAlgorithm } from './device-key.js';
import { InMemoryState } from './device-state.js';
import { developmentCode } from './find-person.js';
import { RestDoor } from './rest-door.js';
import { type Identifier, signIn } from './signing-in.js';
import { Friendly } from './terminal.js';
import type { Fact, Marks, Range } from './wire.js';

export interface Casting {
  readonly name: string;
  readonly identifier: Identifier;
  readonly serverUrl: string;
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly key?: KeyAlgorithm;
}

/** A person in one conversation, as the witness needs it. */
export interface Part {
  readonly conversationId: string;
  readonly memberId: string;
}

export class DemoPerson implements SessionEvents {
  readonly facts = new Map<string, Fact[]>();
  readonly marks = new Map<string, Marks>();
  readonly leftOutRanges: Range[] = [];
  reconnects = 0;
  session!: ChatSession;

  private constructor(
    readonly name: string,
    readonly identifier: Identifier,
  ) {}

  /** Signs in with the code that a development server writes into its data folder. */
  static async cast(casting: Casting): Promise<DemoPerson> {
    const { name, identifier, serverUrl, dataFolder, clock, ids, key } = casting;
    const person = new DemoPerson(name, identifier);
    const store = new InMemoryState();
    const state = await signIn({
      ...{ rest: new RestDoor(serverUrl, clock), store, identifier, deviceName: 'demo' },
      key: DevicePrivateKey.generate(key),
      codeFor: async (verification) => {
        const code = verification.wrongTries === 0 ? await developmentCode(dataFolder, verification) : undefined;
        if (code !== undefined) return code;
        throw new Friendly(
          `There are no development codes in ${dataFolder}: name the server's data folder with --data, on its own machine.`,
        );
      },
    });
    person.session = new ChatSession({ state, store, clock, ids, events: person });
    return person;
  }

  get rest(): RestDoor {
    return this.session.rest;
  }

  get accountId(): string {
    return this.session.accountId;
  }

  fact(fact: Fact): void {
    if (fact.type === 'delivered-up-to' || fact.type === 'read-up-to') {
      this.mark(fact);
      return;
    }
    const facts = this.factsOf(fact.scope);
    facts.push(fact);
    this.facts.set(fact.scope, facts);
  }

  leftOut(range: Range): void {
    this.leftOutRanges.push(range);
  }

  caughtUp(isFirst: boolean): void {
    if (!isFirst) this.reconnects += 1;
  }

  factsOf(conversationId: string): Fact[] {
    return this.facts.get(conversationId) ?? [];
  }

  lastRevision(conversationId: string): number {
    return this.factsOf(conversationId).at(-1)?.revision ?? -1;
  }

  marksOf({ conversationId, memberId }: Part): Marks {
    return this.marks.get(`${conversationId} ${memberId}`) ?? { memberId, deliveredSeq: 0, readSeq: 0 };
  }

  private mark({ type, scope, data }: Fact): void {
    const { memberId, seq } = data as { readonly memberId: string; readonly seq: number };
    const known = this.marksOf({ conversationId: scope, memberId });
    const readSeq = type === 'read-up-to' ? Math.max(known.readSeq, seq) : known.readSeq;
    const deliveredSeq = Math.max(known.deliveredSeq, seq);
    this.marks.set(`${scope} ${memberId}`, { memberId, deliveredSeq, readSeq });
  }
}
