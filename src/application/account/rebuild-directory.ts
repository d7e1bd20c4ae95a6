import { isErased, isSealed } from '../../domain/kernel/personal.js';
import type { Identifier } from '../ports/directory.js';
import type { Deps } from '../use-case.js';

const EVENTS_PER_READ = 1_000;

/**
 * Fills an empty directory from the log, as after a restore: it lies in no backup. Whoever was erased is not found again,
 * since their identifier does not open any more. Being run twice changes nothing.
 */
export async function rebuildDirectory(deps: Pick<Deps, 'eventStore' | 'codec' | 'keys' | 'directory'>): Promise<number> {
  let accounts = 0;
  let after = 0;
  for (;;) {
    const events = await deps.eventStore.readAll(after, EVENTS_PER_READ);
    const last = events.at(-1);
    if (last === undefined) return accounts;
    after = last.position;
    for (const stored of events.filter(({ type }) => type === 'AccountRegistered')) {
      const event = deps.codec.decode(stored);
      if (event.type !== 'AccountRegistered') continue;
      const { accountId, identifierKind: kind, identifier } = event.data;
      const [opened] = isSealed(identifier) ? await deps.keys.open([identifier]) : [{ value: identifier }];
      if (isErased(identifier) || opened === undefined || isErased(opened)) continue;
      await deps.directory.reserve({ kind, value: opened.value as string } as Identifier, accountId);
      accounts += 1;
    }
  }
}
