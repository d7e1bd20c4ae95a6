import type { Instant } from '../../domain/kernel/instant.js';
import { isErased } from '../../domain/kernel/personal.js';

/**
 * What the read side knows, as the doors show it: instants (fields that end in `At`) as RFC 3339 in UTC with milliseconds,
 * and what was erased left out.
 */
export function present<Shown extends object>(value: object): Shown {
  const shown: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    const presented = presentField(name, field);
    if (presented !== undefined) shown[name] = presented;
  }
  return shown as Shown;
}

function presentField(name: string, field: unknown): unknown {
  if (isErased(field)) return undefined;
  if (typeof field === 'number' && name.endsWith('At')) return rfc3339(field as Instant);
  if (Array.isArray(field)) return field.map((item) => presentField('', item));
  return typeof field === 'object' && field !== null ? present(field) : field;
}

export const rfc3339 = (at: Instant): string => new Date(at).toISOString();
