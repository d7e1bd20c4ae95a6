import type { Identifier } from '../../application/ports/directory.js';
import { ProblemError } from '../nest/problems.js';

const PHONE = /^\+[1-9]\d{6,14}$/;
/** One @, no spaces, a dot in the domain: whether it exists, only a code that arrives can tell. */
const EMAIL = /^[^\s@]{1,64}@[^\s@.]+(?:\.[^\s@.]+)+$/;

/** One spelling for each number and address, so that nobody gets two accounts by spelling. */
export function toIdentifier({ kind, value }: { readonly kind: 'phone' | 'email'; readonly value: string }): Identifier {
  const spelled = kind === 'phone' ? value.replaceAll(/[\s().-]/g, '') : value.trim().normalize('NFC').toLowerCase();
  if (!(kind === 'phone' ? PHONE : EMAIL).test(spelled)) {
    throw new ProblemError('invalid-request', {
      errors: [{ pointer: '/value', code: kind === 'phone' ? 'not-e164' : 'not-an-address' }],
    });
  }
  return { kind, value: spelled };
}
