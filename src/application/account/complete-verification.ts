import { account } from '../../domain/account/account.js';
import type { DeviceRejection } from '../../domain/device/device.js';
import { device } from '../../domain/device/device.js';
import { ok, rejected } from '../../domain/kernel/decider.js';
import type { AccountId, DeviceId, VerificationId } from '../../domain/kernel/ids.js';
import { aggregates } from '../aggregates.js';
import { handle } from '../handle.js';
import type { Principal } from '../ports/credentials.js';
import type { AccountErased, Contended, Context, Deps, UseCase, Written } from '../use-case.js';

export interface CompleteVerification {
  readonly verificationId: VerificationId;
  readonly code: string;
  readonly device: { readonly publicKey: string; readonly name: string };
}

export interface SignedIn extends Principal, Partial<Written> {
  readonly refreshToken: string;
}

export type SignInRejection =
  | { readonly type: 'CodeWrong'; readonly triesLeft: number }
  | { readonly type: 'VerificationGone' }
  | { readonly type: 'DeviceKeyUnsupported' }
  | Exclude<DeviceRejection, { type: 'DeviceNotFound' }>
  | AccountErased
  | Contended;

type SignInDeps = Pick<Deps, 'credentials' | 'directory' | 'keys' | 'keyProofs' | 'eventStore' | 'codec' | 'clock' | 'ids'>;

/**
 * Signing in crosses four stores, in this order, and may die between any two steps: spend the code, reserve the
 * identifier, make the keys durable, record the account, record the device, give tokens. The same device that repeats
 * the code within a minute goes through again, and gets the same account and device.
 */
export function completeVerification(deps: SignInDeps): UseCase<CompleteVerification, SignedIn, SignInRejection, Context> {
  return async ({ verificationId, code, device: claimed }, context) => {
    const key = deps.keyProofs.read(claimed.publicKey);
    if (key === 'unsupported') return rejected({ type: 'DeviceKeyUnsupported' });
    const at = deps.clock.now();
    const proposed = { accountId: deps.ids.uuid() as AccountId, deviceId: deps.ids.uuid() as DeviceId };
    const spent = await deps.credentials.spendCode({ verificationId, code, deviceKey: key.thumbprint, proposed, at });
    if (spent.outcome === 'wrong') return rejected({ type: 'CodeWrong', triesLeft: spent.triesLeft });
    if (spent.outcome === 'gone') return rejected({ type: 'VerificationGone' });

    const { identifier } = spent;
    const reserved = await deps.directory.reserve(identifier, spent.proposed.accountId);
    const accountId = reserved.outcome === 'taken' ? reserved.accountId : spent.proposed.accountId;
    const { deviceId } = spent.proposed;
    if ((await deps.keys.register(accountId)) === 'destroyed') return rejected({ type: 'AccountErased' });

    const registered = await handle(
      deps,
      account,
      { stream: aggregates.account.stream(accountId), known: { state: account.initial, revision: -1 } },
      { type: 'RegisterAccount', accountId, identifierKind: identifier.kind, identifier: identifier.value, at },
      context,
    );
    if (!registered.ok) return notFoundIsErased(registered.rejection);
    const linked = await handle(
      deps,
      device,
      { stream: aggregates.device.stream(deviceId), known: { state: device.initial, revision: -1 } },
      { type: 'LinkDevice', deviceId, accountId, keyAlgorithm: key.algorithm, publicKey: key.publicKey, name: claimed.name, at },
      context,
    );
    if (!linked.ok) return notFoundIsErased(linked.rejection);
    const refreshToken = await deps.credentials.issueRefresh({ accountId, deviceId }, at);
    const position = linked.value.position ?? registered.value.position;
    return ok({ accountId, deviceId, refreshToken, ...(position === undefined ? {} : { position }) });
  };
}

function notFoundIsErased<Rejection extends { readonly type: string }>(
  rejection: Rejection | { readonly type: 'AccountNotFound' } | { readonly type: 'DeviceNotFound' },
) {
  const isHidden = rejection.type === 'AccountNotFound' || rejection.type === 'DeviceNotFound';
  return isHidden
    ? rejected({ type: 'AccountErased' } as const)
    : rejected(rejection as Exclude<Rejection, { type: 'AccountNotFound' | 'DeviceNotFound' }>);
}
