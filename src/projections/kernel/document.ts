/**
 * What the verbs mean, for every writer that carries them out one document at a time. A row outlives its document: what
 * was removed keeps the position of its removal, so that a repeated event from before it cannot bring it back.
 */
import { type Fields, keyOf, type Scalar, type Shape } from './collection.js';
import type { AnyChanges, AnyOp, AnyTarget } from './projection.js';
import type { PositionedOps } from './views.js';

/** Ids, literals and numbers hold no space: texts of different keys of a collection differ. */
export const textOf = (key: readonly Scalar[]): string => key.join(' ');

export interface Row {
  /** The event that wrote it last. */
  readonly position: number;
  /** Absent once it was removed. */
  readonly doc?: Fields;
}

/** The rows of one collection while a batch is carried out. */
export interface Rows {
  read(key: readonly Scalar[]): Row | undefined;
  /** The keys of the documents that stand in an index with these values in its leading fields. */
  find(index: string, equal: Fields): readonly (readonly Scalar[])[];
  write(key: readonly Scalar[], row: Row): void;
}

export function carryOut(shape: Shape, rows: Rows, writes: readonly PositionedOps[]): void {
  for (const { position, ops } of writes) {
    // Decided once per document, before the event's first op on it has moved its position.
    const isNews = ops.length > 1 ? new Map<string, boolean>() : undefined;
    for (const op of ops) {
      for (const key of keysOf(shape, rows, op)) {
        const row = rows.read(key);
        const text = textOf(key);
        const applies = isNews?.get(text) ?? (row === undefined || row.position < position);
        isNews?.set(text, applies);
        if (!applies) continue;
        const begun = Object.fromEntries(shape.key.map((field, index) => [field, key[index]]));
        const doc = after(shape, row?.doc, begun, op);
        if (doc !== row?.doc) rows.write(key, doc === undefined ? { position } : { position, doc });
      }
    }
  }
}

/** As the verb `forget`, without an event: the documents keep their places. */
export function forgetAll(shape: Shape, rows: Rows, index: string, equal: Fields): void {
  for (const key of rows.find(index, equal)) {
    const row = rows.read(key);
    if (row?.doc !== undefined) rows.write(key, { position: row.position, doc: without(row.doc, shape.personal) });
  }
}

const targetOf = (op: AnyOp): AnyTarget => op;

function keysOf(shape: Shape, rows: Rows, op: AnyOp): readonly (readonly Scalar[])[] {
  const target = targetOf(op);
  return 'index' in target ? rows.find(target.index, target.equal as Fields) : [keyOf(shape, target.key as Fields)];
}

/** The same document when the op changes nothing; a new one otherwise. */
function after(shape: Shape, doc: Fields | undefined, begun: Fields, op: AnyOp): Fields | undefined {
  switch (op.verb) {
    case 'upsert':
      return { ...op.doc, ...begun };
    case 'patch':
      if (op.onlyIf !== undefined && !fits(doc, op.onlyIf as Fields)) return doc;
      return patched(doc ?? begun, op);
    case 'add':
      return added(doc ?? begun, op.field, op.values);
    case 'remove':
      return undefined;
    case 'forget':
      return doc && without(doc, shape.personal);
  }
}

const fits = (doc: Fields | undefined, wanted: Fields): boolean =>
  doc !== undefined && Object.entries(wanted).every(([field, value]) => doc[field] === value);

function patched(doc: Fields, { set = {}, max = {}, unset = [] }: AnyChanges): Fields {
  const result: Record<string, unknown> = { ...doc, ...set };
  for (const [field, value] of Object.entries(max)) {
    const known = result[field];
    if (value !== undefined && (typeof known !== 'number' || known < value)) result[field] = value;
  }
  return without(result, unset);
}

function added(doc: Fields, field: string, values: readonly unknown[]): Fields {
  const known = (doc[field] ?? []) as readonly unknown[];
  const members = new Set(known.map(canonical));
  const fresh = values.filter((value) => !members.has(canonical(value)) && members.add(canonical(value)));
  return { ...doc, [field]: [...known, ...fresh] };
}

/** Equal for equal JSON values, whatever the order of their fields. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const sorted = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${sorted.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`;
}

function without(doc: Fields, fields: readonly string[]): Fields {
  const result: Record<string, unknown> = {};
  for (const field in doc) if (doc[field] !== undefined && !fields.includes(field)) result[field] = doc[field];
  return result;
}
