import { ok, rejected } from '../../domain/kernel/decider.js';
import type { VerificationId } from '../../domain/kernel/ids.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { later } from '../../domain/kernel/instant.js';
import { limits } from '../../domain/kernel/limits.js';
import type { Identifier } from '../ports/directory.js';
import type { Context, Deps, UseCase } from '../use-case.js';
import type { TooMany } from './within-limit.js';
import { withinLimit } from './within-limit.js';

const HOUR_MS = 60 * 60 * 1_000;

export interface StartVerification {
  readonly identifier: Identifier;
}

export interface VerificationStarted {
  readonly verificationId: VerificationId;
  readonly expiresAt: Instant;
}

/** Sends a one-time code. The answer does not tell whether the target has an account. */
export function startVerification(
  deps: Pick<Deps, 'credentials' | 'codeSender' | 'rateLimiter' | 'clock' | 'ids' | 'settings'>,
): UseCase<StartVerification, VerificationStarted, TooMany | { readonly type: 'TargetUndeliverable' }, Context> {
  return async ({ identifier }, context) => {
    const { signInsPerAddressHourMax, signInsPerTargetHourMax } = deps.settings;
    const byAddress = { name: 'sign-in-address', max: signInsPerAddressHourMax, windowMs: HOUR_MS };
    const byTarget = { name: 'sign-in-target', max: signInsPerTargetHourMax, windowMs: HOUR_MS };
    const at = deps.clock.now();
    const allowed = await withinLimit(deps, byAddress, context.address ?? 'unknown', at);
    if (!allowed.ok) return allowed;
    const allowedForTarget = await withinLimit(deps, byTarget, `${identifier.kind} ${identifier.value}`, at);
    if (!allowedForTarget.ok) return allowedForTarget;
    const verificationId = deps.ids.uuid() as VerificationId;
    const code = deps.ids.digits(limits.codeDigits);
    const expiresAt = later(at, limits.codeLifeMs);
    await deps.credentials.openVerification(verificationId, identifier, code, expiresAt);
    const sent = await deps.codeSender.send({ verificationId, identifier, code, expiresAt });
    return sent === 'sent' ? ok({ verificationId, expiresAt }) : rejected({ type: 'TargetUndeliverable' });
  };
}
