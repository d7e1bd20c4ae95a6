/**
 * A change may be asked for on condition that nobody has changed the thing since it was read: the version that was read
 * comes with the command, and is compared on the state that the change is appended to (ADR 0028).
 */
import type { Result } from './decider.js';
import { rejected } from './decider.js';

export type VersionMismatch = { readonly type: 'VersionMismatch'; readonly currentVersion: number };

/** Part of a command: absent for a change that is meant whatever happened meanwhile. */
export interface Conditional {
  readonly ifVersion?: number | undefined;
}

/** Undefined when the change may go on. Ask it of somebody only who may see the version. */
export function versionMismatch({ ifVersion }: Conditional, currentVersion: number): Result<never, VersionMismatch> | undefined {
  return ifVersion === undefined || ifVersion === currentVersion
    ? undefined
    : rejected({ type: 'VersionMismatch', currentVersion });
}
