/**
 * The stored form of a personal value. It describes itself: version, locator of its key, event id, event type, field
 * path, nonce, data, tag; all but the data is associated data, so that nothing of it can be changed (ADR 0012).
 * Stored bytes last for ever: a new layout is a new version, and old ones stay readable.
 */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import type { Opened } from '../../application/ports/subject-keys.js';
import type { EventId } from '../../domain/kernel/ids.js';
import { NONCE_BYTES, writeNonce } from './nonces.js';
import { LOCATOR_BYTES, uuidText } from './ring.js';

const CIPHER = 'aes-256-gcm';
const VERSION = 1;
const TAG_BYTES = 16;
const EVENT_ID_BYTES = 16;
const EVENT_ID_AT = 1 + LOCATOR_BYTES;
const EVENT_TYPE_AT = EVENT_ID_AT + EVENT_ID_BYTES;
/** What is named in one byte of length. */
const NAME_BYTES_MAX = 255;
/** Lengths that padded data may have; above the last, its multiples. */
const PADDED_BYTES = [32, 64, 128, 256, 512] as const;
const PADDED_BYTES_STEP = 512;

export interface Description {
  readonly eventType: string;
  readonly eventId: EventId;
  readonly fieldPath: string;
}

export interface ParsedSeal extends Description {
  /** In hex. */
  readonly locator: string;
  readonly bytes: Buffer;
  readonly nonceAt: number;
}

export function sealValue(key: KeyObject, locator: string, about: Description, value: unknown, padded: boolean): string {
  const json = padded ? paddedJson(jsonOf(value)) : jsonOf(value);
  const jsonBytes = Buffer.byteLength(json);
  const typeBytes = nameBytes(about.eventType);
  const pathBytes = nameBytes(about.fieldPath);
  const nonceAt = EVENT_TYPE_AT + 2 + typeBytes + pathBytes;
  const dataAt = nonceAt + NONCE_BYTES;
  const bytes = Buffer.allocUnsafe(dataAt + jsonBytes + TAG_BYTES);
  bytes[0] = VERSION;
  bytes.write(locator, 1, 'hex');
  writeUuid(bytes, about.eventId, EVENT_ID_AT);
  bytes[EVENT_TYPE_AT] = typeBytes;
  bytes.write(about.eventType, EVENT_TYPE_AT + 1);
  bytes[EVENT_TYPE_AT + 1 + typeBytes] = pathBytes;
  bytes.write(about.fieldPath, EVENT_TYPE_AT + 2 + typeBytes);
  writeNonce(bytes, nonceAt);
  const cipher = createCipheriv(CIPHER, key, bytes.subarray(nonceAt, dataAt));
  cipher.setAAD(bytes.subarray(0, dataAt));
  bytes.set(cipher.update(json, 'utf8'), dataAt);
  cipher.final();
  bytes.set(cipher.getAuthTag(), dataAt + jsonBytes);
  return bytes.toString('base64url');
}

/** Reads what a sealed value says of itself; nothing of it is proved before `openValue`. */
export function parseSeal(sealed: string): ParsedSeal {
  const bytes = Buffer.from(sealed, 'base64url');
  // The decoder passes over what is no base64url, so two texts could stand for the same bytes.
  if (bytes[0] !== VERSION || bytes.toString('base64url') !== sealed) throw altered();
  const typeEnd = EVENT_TYPE_AT + 1 + (bytes[EVENT_TYPE_AT] ?? NAME_BYTES_MAX);
  const nonceAt = typeEnd + 1 + (bytes[typeEnd] ?? NAME_BYTES_MAX);
  if (bytes.length < nonceAt + NONCE_BYTES + TAG_BYTES) throw altered();
  return {
    locator: bytes.toString('hex', 1, EVENT_ID_AT),
    eventId: uuidText(bytes.toString('hex', EVENT_ID_AT, EVENT_TYPE_AT)) as EventId,
    eventType: bytes.toString('utf8', EVENT_TYPE_AT + 1, typeEnd),
    fieldPath: bytes.toString('utf8', typeEnd + 1, nonceAt),
    bytes,
    nonceAt,
  };
}

/** Throws when anything was altered. */
export function openValue(key: KeyObject, seal: ParsedSeal): Opened {
  const { bytes, nonceAt, eventType, eventId, fieldPath } = seal;
  const dataAt = nonceAt + NONCE_BYTES;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(nonceAt, dataAt), { authTagLength: TAG_BYTES });
  decipher.setAAD(bytes.subarray(0, dataAt));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  const plain = decipher.update(bytes.subarray(dataAt, bytes.length - TAG_BYTES));
  try {
    decipher.final();
  } catch (cause) {
    throw altered(cause);
  }
  return { value: JSON.parse(plain.toString('utf8')), eventType, eventId, fieldPath };
}

function jsonOf(value: unknown): string {
  const json = JSON.stringify(value);
  if (json === undefined) throw new Error('Only a JSON value can be sealed.');
  return json;
}

/** JSON may end in spaces: they need no length beside them and nothing to take them off. */
function paddedJson(json: string): string {
  const length = Buffer.byteLength(json);
  const target = PADDED_BYTES.find((bucket) => length <= bucket) ?? Math.ceil(length / PADDED_BYTES_STEP) * PADDED_BYTES_STEP;
  return json + ' '.repeat(target - length);
}

function writeUuid(bytes: Buffer, id: string, at: number): void {
  const hex = id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24);
  // The decoder stops at what is no hex digit.
  if (hex.length !== 2 * EVENT_ID_BYTES || bytes.write(hex, at, 'hex') !== EVENT_ID_BYTES) {
    throw new Error('The event id of a value to seal is not a UUID.');
  }
}

function nameBytes(name: string): number {
  const length = Buffer.byteLength(name);
  if (length > NAME_BYTES_MAX) throw new Error(`A name in a sealed value has ${length} bytes; ${NAME_BYTES_MAX} fit.`);
  return length;
}

const altered = (cause?: unknown): Error => new Error('A sealed value was altered, or is of no known form.', { cause });
