/** Sealed values that somebody has tampered with. */
import type { Sealed } from '../../src/domain/kernel/personal.js';

export const bytesOf = ({ sealed }: Sealed): Buffer => Buffer.from(sealed, 'base64url');
export const locatorOf = (sealed: Sealed): string => bytesOf(sealed).toString('hex', 1, 17);

/** Everything that can be made of one value, and of one value and another, without the key. */
export const forgeriesOf = (one: Sealed, other: Sealed): Sealed[] => [
  ...bitFlips(one),
  ...characterFlips(one),
  ...splices(one, other),
  ...cuts(one),
];

const sealedOf = (bytes: Buffer): Sealed => ({ sealed: bytes.toString('base64url') });

function bitFlips(sealed: Sealed): Sealed[] {
  const bytes = bytesOf(sealed);
  return Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
    return sealedOf(flipped);
  });
}

/** Also texts that a lenient decoder takes for the same bytes. */
function characterFlips({ sealed }: Sealed): Sealed[] {
  const texts = Array.from({ length: sealed.length * 7 }, (_, bit) => {
    const at = Math.floor(bit / 7);
    return sealed.slice(0, at) + String.fromCharCode(sealed.charCodeAt(at) ^ (1 << (bit % 7))) + sealed.slice(at + 1);
  });
  const aliases = [
    `${sealed}=`,
    `${sealed}\n`,
    ` ${sealed}`,
    `${sealed}A`,
    sealed.replace(/[-_]/, '+'),
    sealed.replace(/_/, '/'),
  ];
  return [...texts, ...aliases].filter((text) => text !== sealed).map((text) => ({ sealed: text }));
}

/** The beginning of one with the end of the other, at every byte where they differ before and after. */
function splices(one: Sealed, other: Sealed): Sealed[] {
  const [head, tail] = [bytesOf(one), bytesOf(other)];
  return Array.from({ length: head.length - 1 }, (_, at) => Buffer.concat([head.subarray(0, at + 1), tail.subarray(at + 1)]))
    .filter((bytes) => !bytes.equals(head) && !bytes.equals(tail))
    .map(sealedOf);
}

const cuts = (sealed: Sealed): Sealed[] => {
  const bytes = bytesOf(sealed);
  const shorter = Array.from({ length: bytes.length }, (_, length) => bytes.subarray(0, length));
  return [...shorter, Buffer.concat([bytes, Buffer.alloc(1)]), Buffer.concat([bytes, bytes])].map(sealedOf);
};
