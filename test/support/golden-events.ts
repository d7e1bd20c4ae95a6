/** The frozen examples of stored events, as a store gives them. */
import { readdirSync, readFileSync } from 'node:fs';
import type { StoredDomainEvent } from '../../src/application/event-catalogue.js';
import type { StoredEvent } from '../../src/application/ports/event-store.js';

const FOLDER = new URL('../golden/events/', import.meta.url);

export interface GoldenEvent {
  readonly file: string;
  readonly stored: StoredEvent & { readonly type: StoredDomainEvent['type'] };
  readonly data: Readonly<Record<string, unknown>>;
}

export const goldenEvents: readonly GoldenEvent[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => {
    const { data, ...place } = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Record<string, unknown>;
    const stored = { ...place, data: JSON.stringify(data) } as unknown as GoldenEvent['stored'];
    return { file, stored, data: data as GoldenEvent['data'] };
  });
