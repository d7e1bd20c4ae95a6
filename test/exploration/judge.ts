/** Holds every answer against what the store held when it came, and the store against every answer when all is at rest. */
import type { SendAck } from '../../src/application/message/send-message.js';
import { type Answer, type Before, type Claim, Claims, type Known } from '../support/send-claims.js';
import type { SendModules } from '../support/send-modules.js';
import type { SendWorld } from '../support/send-world.js';
import type { Outcome } from './living-process.js';
import { type Numbered, Numbers, type StoreState } from './store-states.js';

/** The acks that were given, by slot. */
export type Acks = readonly (readonly [slot: number, ack: SendAck])[];

interface JudgedWorld {
  readonly modules: SendModules;
  readonly keys: SendWorld['keys'];
}

/** When an answer comes. */
export interface Moment {
  readonly store: StoreState;
  readonly acks: Numbered<Acks>;
  /** How often time has passed at once. */
  readonly jumps: number;
}

export interface Verdict {
  readonly acks: Numbered<Acks>;
  readonly wrong?: Error;
}

export class Judge {
  private readonly acks = new Numbers<Acks>();
  private readonly befores = new Numbers<Before>();
  private readonly verdicts = new Map<string, Verdict>();
  readonly noAcks = this.acks.of('[]', []);

  private constructor(
    private readonly world: JudgedWorld,
    private readonly known: ReadonlyMap<Claim, Known>,
  ) {}

  static async open(world: JudgedWorld, claims: readonly Claim[], store: StoreState): Promise<Judge> {
    const known = new Map<Claim, Known>();
    for (const claim of claims) known.set(claim, await claimsOn(world, store, 0).known(claim));
    return new Judge(world, known);
  }

  /** How things stand for a send that begins now. */
  before(claim: Claim, store: StoreState, jumps: number): Numbered<Before> {
    const before = claimsOn(this.world, store, jumps).before(claim, this.known.get(claim)!);
    return this.befores.of(JSON.stringify(before), before);
  }

  /** The same question has the same answer. */
  judge(claim: Claim, { id, value }: Numbered<Outcome>, before: Numbered<Before>, { store, acks, jumps }: Moment): Verdict {
    const key = `${id} ${before.id} ${store.id} ${acks.id} ${jumps}`;
    const known = this.verdicts.get(key);
    if (known !== undefined) return known;
    const claims = claimsOn(this.world, store, jumps);
    for (const [slot, ack] of acks.value) claims.acks.set(slot, ack);
    const wrong = thrownBy(() => claims.judge(claim, this.known.get(claim)!, value.value as Answer, before.value));
    const list = [...claims.acks].sort(([a], [b]) => a - b);
    const verdict = { acks: this.acks.of(JSON.stringify(list), list), ...(wrong && { wrong }) };
    this.verdicts.set(key, verdict);
    return verdict;
  }

  /** What is wrong with having no answer: nothing, unless the reason is none of those that are expected. */
  noAnswer(error: Error, store: StoreState): Error | undefined {
    const claims = claimsOn(this.world, store, 0);
    claims.noAnswer(error);
    return claims.failure;
  }

  async atRest(store: StoreState): Promise<Error | undefined> {
    const claims = claimsOn(this.world, store, 0);
    for (const [claim, known] of this.known) claims.all.set(JSON.stringify(claim), { claim, known });
    try {
      await claims.checkAtRest();
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }
}

const claimsOn = ({ modules, keys }: JudgedWorld, { mirror }: StoreState, jumps: number): Claims =>
  new Claims({ modules, keys, mirror, processes: [], schedule: { jumps, pick: ([first]) => first! } });

function thrownBy(work: () => void): Error | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
