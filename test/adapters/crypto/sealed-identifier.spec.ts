import { describe, expect, it } from '@jest/globals';
import { openIdentifier, sealIdentifier } from '../../../src/adapters/crypto/sealed-identifier.js';
import type { Identifier } from '../../../src/application/ports/directory.js';
import type { VerificationId } from '../../../src/domain/kernel/ids.js';
import { CountingIdSource } from '../../support/counting-id-source.js';

const ids = new CountingIdSource('sealed-identifier');
const [one, other] = [ids.uuid() as VerificationId, ids.uuid() as VerificationId];
const SECRET = Buffer.alloc(32, 7);
const ADDRESS: Identifier = { kind: 'email', value: 'zoë@example.org' };

describe('A sealed identifier', () => {
  it('opens as what it was sealed as, and is never sealed the same way twice.', () => {
    const seals = [sealIdentifier(SECRET, one, ADDRESS), sealIdentifier(SECRET, one, ADDRESS)];
    for (const sealed of seals) expect(openIdentifier(SECRET, one, sealed)).toEqual(ADDRESS);
    expect(seals[0]).not.toEqual(seals[1]);
  });

  it('opens for no other verification, under no other secret, and not when a bit of it was changed.', () => {
    const sealed = sealIdentifier(SECRET, one, ADDRESS);
    expect(() => openIdentifier(SECRET, other, sealed)).toThrow();
    expect(() => openIdentifier(Buffer.alloc(32, 8), one, sealed)).toThrow();
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Buffer.from(sealed);
      altered[at]! ^= 1;
      expect(() => openIdentifier(SECRET, one, altered)).toThrow();
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => openIdentifier(SECRET, one, sealed.subarray(0, length))).toThrow();
    }
  });
});
