/** What lies in a store, as text to be searched for what must not be there. */
import { createHash } from 'node:crypto';

/** Rows of any form; bytes show as hex and as Latin-1, so that text inside them is found. */
export const dumpOf = (rows: unknown): string =>
  JSON.stringify(rows, (_key, value: unknown) => {
    if (value instanceof Map) return [...value.entries()];
    if (isBytes(value)) return [Buffer.from(value.data).toString('hex'), Buffer.from(value.data).toString('latin1')];
    return value;
  });

/** A Buffer as JSON.stringify hands it to its replacer. */
const isBytes = (value: unknown): value is { readonly data: number[] } =>
  typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Buffer';

/** The forms under which a secret could be found or tried out by whoever lacks the key: clear, encoded, plainly hashed. */
export function tracesOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const plainHash = createHash('sha256').update(bytes).digest();
  const encoded = [bytes, plainHash].flatMap((form) => [
    form.toString('hex'),
    form.toString('base64url'),
    form.toString('base64'),
  ]);
  return [secret, ...encoded];
}
