/**
 * Somebody who has every row of every store, the root key and everybody's keys but one person's, and looks for anything
 * that stands in two of that person's conversations and in nobody else's: a value, a reference, an id.
 */
import { parseSeal } from '../../src/adapters/crypto/sealed-value.js';
import type { SubjectKeys } from '../../src/application/ports/subject-keys.js';
import type { ConversationId } from '../../src/domain/kernel/ids.js';
import { isErased } from '../../src/domain/kernel/personal.js';
import type { EmbeddedStores } from './embedded-stores.js';

export interface Row {
  /** Store and table. */
  readonly where: string;
  readonly values: readonly unknown[];
}

const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;
const ENCODED = /[A-Za-z0-9+/_-]{16,}/g;
// A run of digits inside an id says nothing of its own.
const NUMBER = /(?<![0-9a-f-])\d{6,}(?![0-9a-f-])/g;
const SEALED = /"sealed":"([A-Za-z0-9_-]+)"/g;
const NONCE_BYTES = 12;

/** Every row of every table of every store. */
export function rowsOf({ connections }: Pick<EmbeddedStores, 'connections'>): readonly Row[] {
  return Object.entries(connections).flatMap(([store, connection]) => {
    const tables = connection.prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();
    return tables.flatMap((table) => {
      const rows = connection.prepare<[], unknown[]>(`SELECT * FROM "${table}"`).raw().all();
      return rows.map((values) => ({ where: `${store}.${table}`, values }));
    });
  });
}

export interface Finding {
  readonly token: string;
  readonly where: readonly string[];
  readonly conversations: readonly ConversationId[];
}

type Open = Pick<SubjectKeys, 'open'>;

/** What joins two of `ofVictim` and stands in none of `ofOthers`. */
export async function findings(
  rows: readonly Row[],
  keys: Open,
  ofVictim: readonly ConversationId[],
  ofOthers: readonly ConversationId[],
): Promise<readonly Finding[]> {
  const seen = new Map<string, { where: Set<string>; conversations: Set<ConversationId> }>();
  for (const row of rows) {
    const tokens = await tokensOf(row, keys);
    const named = [...ofVictim, ...ofOthers].filter((id) => tokens.has(id) || mentionsBytes(row, id));
    for (const token of tokens) {
      const known = seen.get(token) ?? { where: new Set(), conversations: new Set() };
      seen.set(token, known);
      for (const conversation of named) known.conversations.add(conversation);
      if (named.length > 0) known.where.add(row.where);
    }
  }
  return [...seen].flatMap(([token, { where, conversations }]) => {
    const joined = ofVictim.filter((id) => conversations.has(id));
    const isOthersToo = ofOthers.some((id) => conversations.has(id));
    return joined.length >= 2 && !isOthersToo ? [{ token, where: [...where], conversations: joined }] : [];
  });
}

/** The tokens of the rows that name a conversation. */
export async function tokensNaming(
  rows: readonly Row[],
  keys: Open,
  conversations: readonly ConversationId[],
): Promise<Set<string>> {
  const all = new Set<string>();
  for (const row of rows) {
    const tokens = await tokensOf(row, keys);
    if (conversations.some((id) => tokens.has(id))) for (const token of tokens) all.add(token);
  }
  return all;
}

const mentionsBytes = ({ values }: Row, id: string): boolean => {
  const hex = id.replaceAll('-', '');
  return values.some((value) => value instanceof Uint8Array && Buffer.from(value).toString('hex').includes(hex));
};

async function tokensOf({ values }: Row, keys: Open): Promise<ReadonlySet<string>> {
  const tokens = new Set<string>();
  for (const value of values) {
    if (value instanceof Uint8Array) {
      tokens.add(Buffer.from(value).toString('hex'));
      addText(tokens, Buffer.from(value).toString('latin1'));
    } else {
      addText(tokens, String(value));
      for (const [, sealed] of String(value).matchAll(SEALED)) await addSealed(tokens, sealed!, keys);
    }
  }
  return tokens;
}

function addText(tokens: Set<string>, text: string): void {
  for (const pattern of [UUID, ENCODED, NUMBER]) for (const [token] of text.matchAll(pattern)) tokens.add(token);
}

/** What a sealed value shows of itself, and what is in it where its key is still to be had. */
async function addSealed(tokens: Set<string>, sealed: string, keys: Open): Promise<void> {
  const { locator, eventId, bytes, nonceAt } = parseSeal(sealed);
  tokens.add(locator);
  tokens.add(eventId);
  tokens.add(bytes.toString('hex', nonceAt, nonceAt + NONCE_BYTES));
  const [opened] = await keys.open([{ sealed }]);
  if (opened !== undefined && !isErased(opened)) addText(tokens, JSON.stringify(opened.value));
}
