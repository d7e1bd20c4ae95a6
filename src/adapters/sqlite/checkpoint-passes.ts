/**
 * A log that was copied whole is written over from its start; one that never is grows until a commit has to copy it.
 * A pass takes what was there when it began, and under load something has always come in since: it is followed by a shorter one.
 */
const PASSES_MAX = 4;

/** `copyOnce` answers how many pages the log had when it began to copy them. */
export function copyWhole(copyOnce: () => number): void {
  let pages = -1;
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    const found = copyOnce();
    if (found === pages) return;
    pages = found;
  }
}
