/**
 * Whether every personal value of the log opens that should: one whose person was erased is counted, any other that does
 * not open is a fault. A value that names no account tells whose it is by the member beside it, whose name only a living
 * person's key can make again. Nothing of what was opened is kept.
 */
import type { ConversationId, MemberId } from '../domain/kernel/ids.js';
import { type Erased, isErased, isSealed, type Sealed } from '../domain/kernel/personal.js';
import { eventCatalogue, type PersonalField } from './event-catalogue.js';
import { STREAM_REMOVED, type StoredEvent } from './ports/event-store.js';
import { StartRefused, Unavailable } from './ports/failures.js';
import type { Opened, Subject, SubjectKeys } from './ports/subject-keys.js';

/** Whose keys there are. */
export interface SubjectFates {
  /** `unknown` has neither a ring nor been erased. */
  fateOf(subject: Subject): Promise<'living' | 'erased' | 'unknown'>;
  /** Everybody who has a ring, some at a time. */
  living(): AsyncIterable<readonly Subject[]>;
}

export type Fault = 'altered' | 'moved' | 'not sealed' | 'key damaged' | 'key lost';

export interface SealFault {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly field: string;
  readonly fault: Fault;
}

export interface SealReport {
  readonly opened: number;
  readonly erased: number;
  readonly faults: number;
  /** The first of them. */
  readonly first: readonly SealFault[];
  /** Of those counted as erased: how many were not proved to be nobody's who lives. */
  readonly unproved: number;
}

interface Value {
  readonly event: StoredEvent;
  readonly data: Readonly<Record<string, unknown>>;
  readonly path: string;
  readonly field: PersonalField;
  readonly sealed: Sealed;
}

/** Values that no key opens, of one member. */
interface Lost {
  count: number;
  readonly first: Value;
}

const FAULTS_TOLD = 5;
/** Each costs a name of everybody who lives. */
const CONVERSATIONS_PROVED_MAX = 100;
const MEMBERS_MAX = 10_000;

const personal = new Map(
  Object.entries(eventCatalogue).map(([type, { fields }]) => [
    type,
    Object.entries(fields as Record<string, string | PersonalField>).flatMap(([path, field]) =>
      typeof field === 'string' ? [] : [{ path, field }],
    ),
  ]),
);

export class SealCheck {
  private readonly first: SealFault[] = [];
  private opened = 0;
  private erased = 0;
  private faults = 0;
  private unproved = 0;
  private members = 0;
  private readonly lost = new Map<string, Map<string, Lost>>();

  constructor(
    private readonly keys: Pick<SubjectKeys, 'open' | 'name'>,
    private readonly fates: SubjectFates,
  ) {}

  /** Events of known types, in any order. */
  async look(events: readonly StoredEvent[]): Promise<void> {
    const values = events.filter(({ type }) => type !== STREAM_REMOVED).flatMap((event) => this.valuesOf(event));
    if (values.length === 0) return;
    const answers = await this.keys.open(values.map(({ sealed }) => sealed)).catch(() => undefined);
    for (const [at, value] of values.entries()) await this.judge(value, answers?.[at] ?? (await this.openAlone(value)));
  }

  async report(): Promise<SealReport> {
    let proved = 0;
    for (const [conversationId, members] of this.lost) {
      proved += 1;
      const isProved = proved <= CONVERSATIONS_PROVED_MAX;
      if (isProved) await this.settleLiving(conversationId as ConversationId, members);
      for (const { count } of members.values()) {
        this.erased += count;
        if (!isProved) this.unproved += count;
      }
    }
    this.lost.clear();
    const { opened, erased, faults, first, unproved } = this;
    return { opened, erased, faults, first, unproved };
  }

  private valuesOf(event: StoredEvent): readonly Value[] {
    const data = JSON.parse(event.data) as Readonly<Record<string, unknown>>;
    return (personal.get(event.type) ?? []).flatMap<Value>(({ path, field }) => {
      const sealed = data[path];
      if (sealed === undefined) return [];
      if (isSealed(sealed)) return [{ event, data, path, field, sealed }];
      this.fail({ event, path }, 'not sealed');
      return [];
    });
  }

  private async openAlone({ sealed }: Value): Promise<Opened | Fault | undefined> {
    try {
      const [answer] = await this.keys.open([sealed]);
      return answer === undefined || isErased(answer) ? undefined : answer;
    } catch (error) {
      return error instanceof Unavailable || error instanceof StartRefused ? 'key damaged' : 'altered';
    }
  }

  private async judge(value: Value, answer: Opened | Erased | Fault | undefined): Promise<void> {
    if (typeof answer === 'string') this.fail(value, answer);
    else if (answer === undefined || isErased(answer)) await this.unopened(value);
    else if (!isOf(value, answer)) this.fail(value, 'moved');
    else this.opened += 1;
  }

  private async unopened(value: Value): Promise<void> {
    const { data, field } = value;
    const subject = field.whose === 'actor' ? undefined : data[field.whose];
    if (typeof subject === 'string') {
      if ((await this.fates.fateOf(subject as Subject)) === 'erased') this.erased += 1;
      else this.fail(value, 'key lost');
      return;
    }
    const [conversationId, memberId] = [String(data.conversationId), String(data.memberId)];
    const members = this.lost.get(conversationId) ?? new Map<string, Lost>();
    const known = members.get(memberId);
    if (known !== undefined) known.count += 1;
    else if (this.members < MEMBERS_MAX) {
      this.members += 1;
      this.lost.set(conversationId, members.set(memberId, { count: 1, first: value }));
    } else {
      this.erased += 1;
      this.unproved += 1;
    }
  }

  /** Who lives has a key: what of theirs does not open has lost it. */
  private async settleLiving(conversationId: ConversationId, members: Map<string, Lost>): Promise<void> {
    for await (const subjects of this.fates.living()) {
      const requests = subjects.map((subject) => ({ subject, purpose: 'member', context: conversationId }) as const);
      for (const name of await this.keys.name(requests)) {
        const lost = isErased(name) ? undefined : members.get(name as MemberId);
        if (lost === undefined) continue;
        this.fail(lost.first, 'key lost', lost.count);
        members.delete(name as MemberId);
      }
    }
  }

  private fail({ event, path }: Pick<Value, 'event' | 'path'>, fault: Fault, count = 1): void {
    this.faults += count;
    const { stream, revision, type } = event;
    if (this.first.length < FAULTS_TOLD) this.first.push({ stream, revision, type, field: path, fault });
  }
}

const isOf = ({ event, path }: Value, { eventType, eventId, fieldPath }: Opened): boolean =>
  eventType === event.type && eventId === event.id && fieldPath === path;
