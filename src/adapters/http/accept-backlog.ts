/** How many connections may wait to be accepted: everybody who comes back at once after a restart. */
import { readFileSync } from 'node:fs';

export const ACCEPT_BACKLOG = 4_096;

/** What Linux allows at most, where it is less than that; an operator has to raise it. */
export function cappedBacklog(file = '/proc/sys/net/core/somaxconn'): number | undefined {
  try {
    const allowed = Number(readFileSync(file, 'utf8'));
    return allowed < ACCEPT_BACKLOG ? allowed : undefined;
  } catch {
    return undefined;
  }
}
