/**
 * JSON as both doors take it: `null`, duplicate keys, prototype keys, deep nesting, crowded objects and lone surrogates are
 * refused before anything is built from them. `JSON.parse` alone would let the last of two keys win in silence.
 */
import { limits } from '../../domain/kernel/limits.js';

export type StrictJson =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly code: 'malformed' | 'duplicate-key' | 'forbidden-key' | 'too-deep' | 'too-many-keys' | 'null' | 'lone-surrogate';
    };

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const LONE_SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

export function parseStrictJson(text: string): StrictJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, code: 'malformed' };
  }
  const fault = faultOf(text);
  if (fault !== undefined) return { ok: false, code: fault };
  // Only an escape can smuggle half a character into valid UTF-8; without one there is nothing to look for.
  if (LONE_SURROGATE_ESCAPE.test(text) && !isWellFormed(value)) return { ok: false, code: 'lone-surrogate' };
  return { ok: true, value };
}

type Fault = Extract<StrictJson, { ok: false }>['code'];

/** One pass over text that is known to be JSON: keys are the strings that a colon follows. */
function faultOf(text: string): Fault | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === 0x7b || character === 0x5b) {
      if (open.length >= limits.jsonDepthMax) return 'too-deep';
      open.push(character === 0x7b ? new Set() : undefined);
    } else if (character === 0x7d || character === 0x5d) {
      open.pop();
    } else if (character === 0x6e) {
      // Outside strings only `null` begins so: what is not set is absent.
      return 'null';
    } else if (character === 0x22) {
      const end = endOfString(text, at);
      const fault = isKey(text, end) ? addKey(open.at(-1), text.slice(at, end + 1)) : undefined;
      if (fault !== undefined) return fault;
      at = end;
    }
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
}

function isKey(text: string, end: number): boolean {
  let after = end + 1;
  while (text.charCodeAt(after) <= 0x20) after += 1;
  return text.charCodeAt(after) === 0x3a;
}

function addKey(keys: Set<string> | undefined, quoted: string): Fault | undefined {
  if (keys === undefined) return undefined;
  // The same key may be spelled with and without escapes.
  const key = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  if (FORBIDDEN_KEYS.has(key)) return 'forbidden-key';
  if (keys.has(key)) return 'duplicate-key';
  keys.add(key);
  return keys.size > limits.jsonKeysMax ? 'too-many-keys' : undefined;
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (Array.isArray(value)) return value.every(isWellFormed);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, inner]) => key.isWellFormed() && isWellFormed(inner));
}
