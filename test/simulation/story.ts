/** A history as a person can read it: short names instead of ids, one line for each thing, and only what the verdict is about. */
import type { Verdict } from './checker/checker.js';
import type { Json, Recorded } from './history.js';
import { type Item, isFault, type Plan } from './plan.js';

const NAMES = ['Ada', 'Bea', 'Cyd', 'Dot', 'Eve', 'Fay'];
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const LINES_MAX = 8000;

class Names {
  private readonly names = new Map<string, string>();
  private readonly counts = new Map<string, number>();

  learn(records: readonly Recorded[]): void {
    for (const record of records) {
      if ('account' in record) this.name(record.account, 'person');
      if (record.kind === 'empty') this.name(record.device, 'device', `${this.of(record.account)}’s device`);
      if (record.kind === 'call' && typeof record.input.messageId === 'string') this.name(record.input.messageId, 'message');
      if (record.kind === 'call' && typeof record.input.conversationId === 'string')
        this.name(record.input.conversationId, 'room');
      if (record.kind !== 'fact') continue;
      const { conversationId, memberId, accountId } = record.frame.data as Record<string, string>;
      if (conversationId !== undefined) this.name(conversationId, 'room');
      if (memberId !== undefined && accountId !== undefined) this.name(memberId, 'member', `${this.of(accountId)}`);
    }
  }

  of = (id: string): string => this.names.get(id) ?? id;
  in = (text: string): string => text.replaceAll(UUID, (id) => this.of(id));

  private name(id: string, kind: string, as?: string): void {
    if (this.names.has(id)) return;
    const count = (this.counts.get(as ?? kind) ?? 0) + 1;
    this.counts.set(as ?? kind, count);
    if (kind === 'person') this.names.set(id, NAMES[count - 1] ?? `person ${count}`);
    else this.names.set(id, as === undefined || kind === 'device' ? `${as ?? kind} ${count}` : as);
  }
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(3).padStart(9)} s`;

/** The plan, as what was to happen. */
export function planStory({ seed, store, processes, people, lossRate, items }: Plan): string {
  const told = items.map((item) => `  ${seconds(item.atMs)}  ${isFault(item) ? 'FAULT ' : ''}${describe(item)}`);
  const head = `seed ${seed}: ${processes} processes over a store that is ${store}, people with ${people.join(', ')} devices, ${lossRate * 100} % of requests lost`;
  return [head, ...told].join('\n');
}

function describe(item: Item): string {
  const { atMs: _, ...rest } = item;
  const [first, ...fields] = Object.entries(rest);
  return [String(first?.[1]), ...fields.map(([name, value]) => `${name} ${JSON.stringify(value)}`)].join(', ');
}

/** What happened, as far as it is about what is wrong. */
export function historyStory(records: readonly Recorded[], verdict: Verdict): string {
  const names = new Names();
  names.learn(records);
  const isAbout = (record: Recorded): boolean => {
    if (record.kind === 'quiet' || record.kind === 'rest' || record.kind === 'erased') return true;
    const text = JSON.stringify(record);
    return record.kind !== 'views' && verdict.about.some((id) => id !== '' && text.includes(id));
  };
  const answered = new Set(records.filter(isAbout).flatMap((record) => (record.kind === 'call' ? [record.call] : [])));
  const shown = records.filter(
    (record) => isAbout(record) || ((record.kind === 'answer' || record.kind === 'left') && answered.has(record.call)),
  );
  const lines = shown.map((record) => names.in(`${seconds(record.atMs)}  ${line(record)}`));
  const cut = lines.length > LINES_MAX ? [`  (${lines.length - LINES_MAX} earlier lines left out)`] : [];
  return [...cut, ...lines.slice(-LINES_MAX), `WRONG ${names.in(`${verdict.invariant}: ${verdict.what}`)}`].join('\n');
}

function line(record: Recorded): string {
  switch (record.kind) {
    case 'call':
      return `${record.device} asks (${record.call}) ${record.name} ${short(record.input)}${record.key === undefined ? '' : ` under the key ${record.key}`}`;
    case 'answer':
      return `  answer (${record.call}): ${record.ok ? `done ${short(record.data)}` : record.code}`;
    case 'fact':
      return `${record.device} is told by ${record.via} ${fact(record.frame)}`;
    case 'read':
      return `process ${record.process} shows ${record.account} the ${record.what}: ${short(record.data).slice(0, 300)}`;
    case 'opened':
      return `${record.device} is connected to process ${record.process}`;
    case 'closed':
      return `${record.device} is disconnected (${record.code})`;
    case 'left':
      return `  the answer to (${record.call}) leaves: ${record.ok ? `done ${short(record.data)}` : record.code}`;
    case 'stored':
      return `${record.device} stores a cursor`;
    case 'empty':
      return `${record.device} has nothing`;
    case 'resync':
      return `${record.device} is told that it missed something`;
    case 'calm':
      return 'nothing is under way any more';
    case 'quiet':
      return 'faults stop';
    case 'rest':
      return record.stuck.length === 0 ? 'everything is at rest' : `not at rest: ${record.stuck.join('; ')}`;
    case 'hidden':
      return `process ${record.process} hides the ${record.what} of ${record.conversationId} from ${record.account}`;
    case 'erased':
      return `the keys of ${record.account} are destroyed`;
    case 'defect':
      return `process ${record.process}: ${record.what}`;
    case 'views':
      return `views of process ${record.process}`;
  }
}

function fact(frame: Json): string {
  const { type, revision, data } = frame as { type: string; revision?: number; data: Json };
  return `${type}${revision === undefined ? '' : ` at revision ${revision}`} ${short(data).slice(0, 240)}`;
}

const short = (value: Json): string =>
  Object.entries(value)
    .filter(([name]) => !['conversationId', 'postedAt', 'version', 'addedAt', 'createdAt'].includes(name))
    .map(([name, field]) => `${name} ${typeof field === 'object' ? JSON.stringify(field) : String(field)}`)
    .join(', ');
