/** What every code sender promises. Goal: the code reaches its own verification, or the sender says that it did not. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CodeMessage, CodeSender } from '../../src/application/ports/code-sender.js';
import type { Identifier } from '../../src/application/ports/directory.js';
import { Unavailable } from '../../src/application/ports/failures.js';
import type { VerificationId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { CountingIdSource } from '../support/counting-id-source.js';

export interface CodeSenderUnderTest {
  readonly sender: CodeSender;
  /** A target that the provider refuses. */
  readonly refused: Identifier;
  /** The codes that were handed over for a verification, in order. */
  handedOver(verificationId: VerificationId): Promise<readonly string[]>;
  /** From here on the provider cannot be asked. */
  cut(): Promise<void>;
  close(): Promise<void>;
}

const ids = new CountingIdSource('code-sender');

const message = (code: string, identifier: Identifier = { kind: 'phone', value: '+4915112345678' }): CodeMessage => ({
  verificationId: ids.uuid() as VerificationId,
  identifier,
  code,
  expiresAt: instant(Date.UTC(2031, 4, 6)),
});

export function codeSenderContract(name: string, open: () => Promise<CodeSenderUnderTest>): void {
  describe(`CodeSender: ${name}`, () => {
    let under: CodeSenderUnderTest;
    let sender: CodeSender;

    beforeEach(async () => {
      under = await open();
      sender = under.sender;
    });
    afterEach(() => under.close());

    it('Brings a one-time code to a person, as well as it can: a code that did not arrive is asked for again.', async () => {
      const [first, second] = [message('111111'), message('222222', { kind: 'email', value: 'ada@example.org' })];
      expect(await Promise.all([sender.send(first), sender.send(second)])).toEqual(['sent', 'sent']);
      expect(await under.handedOver(first.verificationId)).toEqual(['111111']);
      expect(await under.handedOver(second.verificationId)).toEqual(['222222']);
    });

    it('Hands the code over; a second time hands it over again.', async () => {
      const sent = message('012345');
      expect(await under.handedOver(sent.verificationId)).toEqual([]);
      expect(await sender.send(sent)).toBe('sent');
      expect(await under.handedOver(sent.verificationId)).toEqual(['012345']);
      expect(await sender.send(sent)).toBe('sent');
      expect(await under.handedOver(sent.verificationId)).toEqual(['012345', '012345']);
    });

    it('`undeliverable` when the provider refused the target: nothing was handed over.', async () => {
      const refused = message('333333', under.refused);
      expect(await sender.send(refused)).toBe('undeliverable');
      expect(await under.handedOver(refused.verificationId)).toEqual([]);
    });

    it('Throws `Unavailable` when it could not be asked.', async () => {
      await under.cut();
      const lost = message('444444');
      await expect(sender.send(lost)).rejects.toBeInstanceOf(Unavailable);
      expect(await under.handedOver(lost.verificationId)).toEqual([]);
    });
  });
}
