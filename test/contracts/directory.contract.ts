/**
 * What every directory promises. Goal: one holder per identifier, and rows that name nobody.
 * Method: a second directory over the same store stands for another process, and for the same one after a restart.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Directory, Identifier } from '../../src/application/ports/directory.js';
import type { AccountId } from '../../src/domain/kernel/ids.js';
import { CountingIdSource } from '../support/counting-id-source.js';
import { tracesOf } from '../support/dump.js';

export interface DirectoryUnderTest {
  readonly directory: Directory;
  /** Another one over the same store. */
  again(): Promise<Directory>;
  /** All that is stored, as text. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

const ids = new CountingIdSource('directory');
const account = () => ids.uuid() as AccountId;
const phone = (value: string): Identifier => ({ kind: 'phone', value });
const email = (value: string): Identifier => ({ kind: 'email', value });
const NUMBER = phone('+4915112345678');
const ADDRESS = email('ada@example.org');

export function directoryContract(name: string, open: () => Promise<DirectoryUnderTest>): void {
  describe(`Directory: ${name}`, () => {
    let under: DirectoryUnderTest;
    let directory: Directory;

    beforeEach(async () => {
      under = await open();
      directory = under.directory;
    });
    afterEach(() => under.close());

    it('Which account has a phone number or an e-mail address.', async () => {
      const [ada, bea, cleo] = [account(), account(), account()];
      await directory.reserve(NUMBER, ada);
      await directory.reserve(ADDRESS, bea);
      await directory.reserve(email(NUMBER.value), cleo);
      expect(await directory.find(NUMBER)).toBe(ada);
      expect(await directory.find(ADDRESS)).toBe(bea);
      expect(await directory.find(email(NUMBER.value))).toBe(cleo);
    });

    it('Kept by keyed hash only: whoever copies the store and lacks the secret can neither read an identifier nor try one out.', async () => {
      await directory.reserve(NUMBER, account());
      await directory.reserve(ADDRESS, account());
      const stored = await under.dump();
      for (const { kind, value } of [NUMBER, ADDRESS]) {
        for (const form of [value, `${kind}${value}`, `${kind}:${value}`]) {
          for (const trace of tracesOf(form)) expect(stored).not.toContain(trace);
        }
      }
    });

    it('Mutable, because it must be erasable; rebuilt from the accounts, never backed up (ADR 0006).', async () => {
      const [ada, bea] = [account(), account()];
      await directory.reserve(NUMBER, ada);
      await directory.reserve(ADDRESS, bea);
      expect(await under.dump()).toContain(ada);
      await directory.release(ada);
      expect(await under.dump()).not.toContain(ada);

      const rebuilt = await open();
      expect(await rebuilt.directory.find(ADDRESS)).toBeUndefined();
      await rebuilt.directory.reserve(ADDRESS, bea);
      for (const each of [directory, rebuilt.directory]) {
        expect([await each.find(ADDRESS), await each.find(NUMBER)]).toEqual([bea, undefined]);
      }
      await rebuilt.close();
    });

    it('The account that holds the identifier; `undefined` when nobody does.', async () => {
      expect(await directory.find(NUMBER)).toBeUndefined();
      const ada = account();
      await directory.reserve(NUMBER, ada);
      expect(await directory.find(NUMBER)).toBe(ada);
      expect(await directory.find(phone(`${NUMBER.value}9`))).toBeUndefined();
    });

    it('Takes the identifier for an account, if nobody holds it; durable when this answers.', async () => {
      const [ada, bea] = [account(), account()];
      expect(await directory.reserve(NUMBER, ada)).toEqual({ outcome: 'reserved' });
      const later = await under.again();
      expect(await later.find(NUMBER)).toBe(ada);
      expect(await later.reserve(NUMBER, bea)).toEqual({ outcome: 'taken', accountId: ada });
      expect(await directory.find(NUMBER)).toBe(ada);
    });

    it('The account that holds it already is answered `reserved` again.', async () => {
      const ada = account();
      await directory.reserve(NUMBER, ada);
      expect(await directory.reserve(NUMBER, ada)).toEqual({ outcome: 'reserved' });
      expect(await (await under.again()).reserve(NUMBER, ada)).toEqual({ outcome: 'reserved' });
    });

    it('Of N that race exactly one gets it, and the others are told who.', async () => {
      const other = await under.again();
      for (let round = 0; round < 10; round += 1) {
        const identifier = phone(`${NUMBER.value}${round}`);
        const racers = Array.from({ length: 20 }, account);
        const outcomes = await Promise.all(
          racers.map((racer, index) => (index % 2 === 0 ? directory : other).reserve(identifier, racer)),
        );
        const winners = racers.filter((_racer, index) => outcomes[index]!.outcome === 'reserved');
        expect(winners).toHaveLength(1);
        const lost = { outcome: 'taken', accountId: winners[0] };
        expect(outcomes.filter(({ outcome }) => outcome === 'taken')).toEqual(new Array(19).fill(lost));
        expect(await directory.find(identifier)).toBe(winners[0]);
      }
    });

    it('Frees everything that an account holds, and nothing else.', async () => {
      const [ada, bea] = [account(), account()];
      const second = phone('+33612345678');
      await directory.reserve(NUMBER, ada);
      await directory.reserve(ADDRESS, ada);
      await directory.reserve(second, bea);
      await directory.release(ada);
      expect([await directory.find(NUMBER), await directory.find(ADDRESS)]).toEqual([undefined, undefined]);
      expect(await directory.find(second)).toBe(bea);
      expect(await directory.reserve(NUMBER, bea)).toEqual({ outcome: 'reserved' });
    });

    it('A second time changes nothing.', async () => {
      const [ada, bea] = [account(), account()];
      await directory.release(ada);
      await directory.reserve(NUMBER, ada);
      await directory.release(ada);
      await directory.reserve(NUMBER, bea);
      await directory.release(ada);
      expect(await directory.find(NUMBER)).toBe(bea);
    });
  });
}
