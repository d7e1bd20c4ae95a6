/** What is done to a good frame: to its text before it is framed, and to its bytes afterwards. Each is told by its name. */
import { frame, op } from '../support/raw-socket.js';
import type { Chance } from './chance.js';

type Json = Record<string, unknown>;
type OfText = (text: string, chance: Chance) => string;
type OfBytes = (bytes: Buffer, chance: Chance) => Buffer;

export interface Mutated {
  readonly bytes: Buffer;
  readonly told: readonly string[];
}

const odd: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, -1e308, 2 ** 53, [], {}, [[]], '', ' ', '\0', '\r\n', '\u001b[31m', '\ud800'],
  ...[
    '__proto__',
    { $ne: '' },
    { $gt: '' },
    { toString: 'a' },
    { length: 1e9 },
    'x'.repeat(5_000),
    ['a', { b: ['c'] }],
    '../../etc/passwd',
  ],
];

/** Every place in a value at which something else could stand. */
function places(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];
}

/** Mostly within the data: what is wrong outside of it is refused before anything of it is looked at. */
function placeIn(root: Json, chance: Chance): readonly string[] {
  const inside = places(root).filter(([first, second]) => first === 'data' && second !== undefined);
  return chance.of(inside.length > 0 && chance.below(8) > 0 ? inside : places(root));
}

function putAt(root: Json, path: readonly string[], value: unknown): Json {
  const [key, ...rest] = path;
  if (key === undefined) return value as Json;
  const inner = root[key] as Json;
  return { ...root, [key]: rest.length === 0 ? value : putAt(inner, rest, value) };
}

function onJson(change: (root: Json, chance: Chance) => unknown): OfText {
  return (text, chance) => {
    try {
      return JSON.stringify(change(JSON.parse(text) as Json, chance)) ?? '';
    } catch {
      return text;
    }
  };
}

const ofText: Readonly<Record<string, OfText>> = {
  'another value': onJson((root, chance) => putAt(root, placeIn(root, chance), chance.of(odd))),
  'a value left out': onJson((root, chance) => putAt(root, placeIn(root, chance), undefined)),
  'a field too many': onJson((root, chance) => ({
    ...root,
    [chance.of(['seq', 'senderId', 'constructor', 'x'])]: chance.of(odd),
  })),
  'a field too many inside': onJson((root, chance) => ({
    ...root,
    data: { ...(root.data as Json), [chance.of(['seq', 'role', '$where'])]: chance.of(odd) },
  })),
  'deep nesting': (text, chance) => {
    const depth = chance.of([14, 15, 16, 17, 100, 5_000]);
    return text.replace(/:"[^"]*"/, `:${'['.repeat(depth)}${']'.repeat(depth)}`);
  },
  'many keys': (text, chance) =>
    text.replace('{', `{${Array.from({ length: chance.of([255, 256, 257, 3_000]) }, (_, at) => `"k${at}":1`).join(',')},`),
  'a key twice': (text) => text.replace(/"(\w+)":("[^"]*")/, '"$1":$2,"$1":$2'),
  'a prototype key': (text, chance) =>
    text.replace('{', `{"${chance.of(['__proto__', 'constructor', 'prototype', '\\u005f_proto__'])}":{"polluted":true},`),
  'a half of a character': (text) => text.replace(/"}/, '\\ud83d"}'),
  'a huge number': (text, chance) =>
    text.replace(/:\d+|:"[^"]*"/, `:${chance.of(['1e999', '9'.repeat(400), '-0', '1.0e-400', '0x10', '01', '+1'])}`),
  'cut text': (text, chance) => text.slice(0, chance.below(text.length)),
  'spaces between': (text, chance) => text.replaceAll(',', `,${' '.repeat(chance.below(2_000))}`),
};

const at = (bytes: Buffer, chance: Chance): number => chance.below(Math.max(1, bytes.length));

const ofBytes: Readonly<Record<string, OfBytes>> = {
  'a bit flipped': (bytes, chance) => {
    const changed = Buffer.from(bytes);
    const place = at(bytes, chance);
    changed[place] = (changed[place] ?? 0) ^ (1 << chance.below(8));
    return changed;
  },
  'a bit of the head flipped': (bytes, chance) => {
    const changed = Buffer.from(bytes);
    const place = chance.below(Math.min(14, bytes.length));
    changed[place] = (changed[place] ?? 0) ^ (1 << chance.below(8));
    return changed;
  },
  'a chunk repeated': (bytes, chance) => {
    const [from, length] = [at(bytes, chance), 1 + chance.below(64)];
    return Buffer.concat([bytes.subarray(0, from + length), bytes.subarray(from, from + length), bytes.subarray(from + length)]);
  },
  'a chunk left out': (bytes, chance) => {
    const from = at(bytes, chance);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + chance.below(32))]);
  },
  'chance bytes between': (bytes, chance) => {
    const from = at(bytes, chance);
    return Buffer.concat([bytes.subarray(0, from), chance.bytes(1 + chance.below(16)), bytes.subarray(from)]);
  },
  'the end of another frame': (bytes, chance) => {
    const other = frame({
      opcode: chance.below(16),
      payload: chance.bytes(chance.below(300)),
      mask: chance.bytes(4),
      rsv: chance.below(2) * 4,
    });
    return Buffer.concat([bytes.subarray(0, at(bytes, chance)), other.subarray(at(other, chance))]);
  },
  'a control frame between': (bytes, chance) =>
    Buffer.concat([
      frame({ opcode: chance.of([op.ping, op.pong]), payload: chance.bytes(chance.below(126)), mask: chance.bytes(4) }),
      bytes,
    ]),
};

const brokenText = [[0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xff], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80]];

/** The frame itself, told wrongly: its length, its kind, its pieces, its characters. */
function framed(text: string, chance: Chance, told: string[]): Buffer {
  const mask = chance.bytes(4);
  const payload = Buffer.from(text);
  const way = chance.below(20);
  const tell = (name: string, bytes: Buffer): Buffer => {
    told.push(name);
    return bytes;
  };
  if (way === 0)
    return tell(
      'a length that lies',
      frame({ opcode: op.text, payload, mask, lengthBits: chance.of([16, 64]), claim: BigInt(chance.below(65_536)) }),
    );
  if (way === 1) return tell('another kind of frame', frame({ opcode: chance.below(16), rsv: chance.below(8), payload, mask }));
  if (way === 2) return tell('no mask', frame({ opcode: op.text, payload, mask: null }));
  if (way === 3) {
    const place = at(payload, chance);
    const broken = Buffer.concat([payload.subarray(0, place), Buffer.from(chance.of(brokenText)), payload.subarray(place)]);
    return tell('broken characters', frame({ opcode: op.text, payload: broken, mask }));
  }
  if (way === 4) {
    const pieces = Array.from({ length: 1 + chance.below(80) }, (_, index, size = Math.ceil(payload.length / 8)) =>
      frame({
        opcode: index === 0 ? op.text : op.continuation,
        fin: false,
        payload: payload.subarray(index * size, (index + 1) * size),
        mask,
      }),
    );
    return tell('fragments', Buffer.concat([...pieces, frame({ opcode: op.continuation, mask })]));
  }
  return frame({ opcode: op.text, payload, mask });
}

/** A good frame with up to four things done to it. */
export function mutate(text: string, chance: Chance): Mutated {
  const told: string[] = [];
  let changed = text;
  for (let count = chance.below(3); count > 0; count -= 1) {
    const name = chance.of(Object.keys(ofText));
    told.push(name);
    changed = (ofText[name] as OfText)(changed, chance);
  }
  let bytes = framed(changed, chance, told);
  for (let count = told.length === 0 ? 1 : Number(chance.below(4) === 0); count > 0; count -= 1) {
    const name = chance.of(Object.keys(ofBytes));
    told.push(name);
    bytes = (ofBytes[name] as OfBytes)(bytes, chance);
  }
  return { bytes, told };
}
