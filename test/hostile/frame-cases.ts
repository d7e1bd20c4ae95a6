/** Frames, right and wrong, and what each is answered: after the categories of the Autobahn suite, written anew for this door. */
import { closePayload, frame, op } from '../support/raw-socket.js';

/** What is sent, in so many writes, and what comes back, in words. */
export type FrameCase = readonly [what: string, send: readonly Buffer[], expected: readonly string[]];

const ID = '00000000-0000-4000-8000-000000000001';
/** A frame that this server does not know but reads: it is answered, and the socket stays open. */
export const say = (inner: Buffer | string): Buffer =>
  Buffer.concat([Buffer.from(`{"type":"levitate","id":"${ID}","data":{"text":"`), Buffer.from(inner), Buffer.from('"}}')]);
const EMPTY_LENGTH = say('').length;
const sayOf = (length: number): Buffer => say('x'.repeat(length - EMPTY_LENGTH));

export const ANSWERED = ['error unknown-frame-type'];
export const text = (payload: Buffer | string) => frame({ opcode: op.text, payload });
export const spoken = text(say('hello'));
export const ping = (payload: Buffer | string = '') => frame({ opcode: op.ping, payload });
export const pong = (payload: Buffer | string = '') => frame({ opcode: op.pong, payload });

export function chop(bytes: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

/** One message in so many fragments of a size. */
export function fragments(payload: Buffer, size: number, opcode: number = op.text): Buffer[] {
  const parts = payload.length === 0 ? [payload] : chop(payload, size);
  return parts.map((part, at) =>
    frame({ opcode: at === 0 ? opcode : op.continuation, fin: at === parts.length - 1, payload: part }),
  );
}

const lengths = [EMPTY_LENGTH, 125, 126, 127, 128, 129, 255, 256, 1_000, 32_767, 65_534, 65_535, 65_536] as const;

export const framing: readonly FrameCase[] = [
  ...lengths.map((length): FrameCase => [`text of ${length} bytes`, [text(sayOf(length))], ANSWERED]),
  ...([16, 64] as const).map(
    (lengthBits): FrameCase => [
      `a short length written in ${lengthBits} bits`,
      [frame({ opcode: op.text, payload: say('a'), lengthBits })],
      ANSWERED,
    ],
  ),
  ['a length of 16 bits written in 64', [frame({ opcode: op.text, payload: sayOf(300), lengthBits: 64 })], ANSWERED],
  ['text in writes of 997 bytes', chop(text(sayOf(65_536)), 997), ANSWERED],
  ['text of 126 bytes, byte by byte', chop(text(sayOf(126)), 1), ANSWERED],
  ['a head that comes byte by byte', [...chop(spoken.subarray(0, 8), 1), spoken.subarray(8)], ANSWERED],
  ['two frames in one write', [Buffer.concat([spoken, spoken])], [...ANSWERED, ...ANSWERED]],
  ['text of no bytes', [text('')], ['close 4400']],
  ['text that is no JSON', [text('*'.repeat(125))], ['close 4400']],
  ...[0, 1, 125, 126, 127, 128, 65_535, 65_536].map(
    (length): FrameCase => [
      `binary of ${length} bytes`,
      [frame({ opcode: op.binary, payload: 'x'.repeat(length) })],
      ['close 1003'],
    ],
  ),
];

export const limitsOfLength: readonly FrameCase[] = [
  ['text of 65,537 bytes', [text(Buffer.concat([sayOf(65_536), Buffer.from(' ')]))], ['close 1009']],
  ['binary of 65,537 bytes', [frame({ opcode: op.binary, payload: 'x'.repeat(65_537) })], ['close 1009']],
  ...[
    1n << 17n,
    1n << 31n,
    (1n << 31n) - 1n,
    1n << 32n,
    (1n << 53n) - 1n,
    1n << 53n,
    (1n << 63n) - 1n,
    1n << 63n,
    (1n << 64n) - 1n,
  ].map(
    (claim): FrameCase => [
      `a length that claims ${claim} bytes`,
      [frame({ opcode: op.text, payload: 'a', claim, lengthBits: 64 })],
      ['close 1009'],
    ],
  ),
  [
    'fragments that are 65,537 bytes together',
    fragments(Buffer.concat([sayOf(65_536), Buffer.from(' ')]), 8_192),
    ['close 1009'],
  ],
  ['fragments that are 65,536 bytes together', fragments(sayOf(65_536), 8_192), ANSWERED],
  [
    'a second fragment that claims 2 GiB',
    [frame({ opcode: op.text, fin: false, payload: 'a' }), frame({ opcode: op.continuation, claim: 1n << 31n, lengthBits: 64 })],
    ['close 1009'],
  ],
];

export const pings: readonly FrameCase[] = [
  ['a ping of nothing', [ping()], ['pong ']],
  ['a ping of text', [ping('Hello, world!')], ['pong Hello, world!']],
  ['a ping of bytes that are no text', [ping(Buffer.from([0, 0xff, 0xfe, 0xfd]))], ['pong \x00\xff\xfe\xfd']],
  ['a ping of 125 bytes', [ping('p'.repeat(125))], [`pong ${'p'.repeat(125)}`]],
  ['a ping of 126 bytes', [ping('p'.repeat(126))], ['close 1002']],
  ['a ping of 65,536 bytes', [ping('p'.repeat(65_536))], ['close 1002']],
  ['a ping that claims 2 GiB', [frame({ opcode: op.ping, claim: 1n << 31n, lengthBits: 64 })], ['close 1002']],
  ['a ping of 125 bytes, byte by byte', chop(ping('p'.repeat(125)), 1), [`pong ${'p'.repeat(125)}`]],
  [
    'ten pings in one write',
    [Buffer.concat(Array.from({ length: 10 }, (_, at) => ping(`${at}`)))],
    [...'0123456789'].map((at) => `pong ${at}`),
  ],
  ['a pong that nobody asked for', [pong()], []],
  ['a pong that nobody asked for, of text', [pong('unasked')], []],
  ['a pong that nobody asked for, then a ping', [pong('unasked'), ping('asked')], ['pong asked']],
  ['a pong of 125 bytes', [pong('p'.repeat(125))], []],
  ['a pong of 126 bytes', [pong('p'.repeat(126))], ['close 1002']],
  ['a ping that is the first part of something', [frame({ opcode: op.ping, fin: false, payload: 'a' })], ['close 1002']],
  ['a pong that is the first part of something', [frame({ opcode: op.pong, fin: false, payload: 'a' })], ['close 1002']],
];

const opcodesThatAreNone = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];
const named = Object.entries(op);

export const reserved: readonly FrameCase[] = [
  ...[1, 2, 3, 4, 5, 6, 7].map(
    (rsv): FrameCase => [`reserved bits ${rsv} on text`, [frame({ opcode: op.text, payload: say('a'), rsv })], ['close 1002']],
  ),
  ...named.flatMap(([name, opcode]) =>
    [1, 2, 4, 7].flatMap((rsv): FrameCase[] =>
      opcode === op.text ? [] : [[`reserved bits ${rsv} on a ${name} frame`, [frame({ opcode, rsv })], ['close 1002']]],
    ),
  ),
  [
    'reserved bit 4 on a second fragment',
    [frame({ opcode: op.text, fin: false, payload: 'a' }), frame({ opcode: 0, rsv: 4 })],
    ['close 1002'],
  ],
  ['reserved bit 4 after a frame that is fine', [Buffer.concat([spoken, frame({ opcode: op.text, rsv: 4 })])], ['close 1002']],
  ...opcodesThatAreNone.flatMap((opcode): FrameCase[] => [
    [`opcode ${opcode} without a payload`, [frame({ opcode })], ['close 1002']],
    [`opcode ${opcode} with a payload`, [frame({ opcode, payload: 'reserved' })], ['close 1002']],
  ]),
  ['opcode 5 after text that is fine', [Buffer.concat([spoken, frame({ opcode: 5 }), ping()])], ['close 1002']],
  ['opcode 11 that is the first part of something', [frame({ opcode: 11, fin: false })], ['close 1002']],
];

const unmasked = (opcode: number, payload: Buffer | string = '') => frame({ opcode, payload, mask: null });

export const masking: readonly FrameCase[] = [
  ['text without a mask', [unmasked(op.text, say('a'))], ['close 1002']],
  ['binary without a mask', [unmasked(op.binary, 'a')], ['close 1002']],
  ['a ping without a mask', [unmasked(op.ping, 'a')], ['close 1002']],
  ['a pong without a mask', [unmasked(op.pong, 'a')], ['close 1002']],
  ['a close without a mask', [unmasked(op.close, closePayload(1000))], ['close 1002']],
  [
    'a second fragment without a mask',
    [frame({ opcode: op.text, fin: false, payload: 'a' }), unmasked(op.continuation, 'b')],
    ['close 1002'],
  ],
  ['text without a mask after text with one', [Buffer.concat([spoken, unmasked(op.text, say('a'))])], ['close 1002']],
  ['a mask of zeros', [frame({ opcode: op.text, payload: say('a'), mask: Buffer.alloc(4) })], ANSWERED],
  ['a mask of ones', [frame({ opcode: op.text, payload: say('a'), mask: Buffer.alloc(4, 0xff) })], ANSWERED],
  [
    'a mask that looks like a head',
    [frame({ opcode: op.text, payload: say('a'), mask: Buffer.from([0x81, 0x80, 0x81, 0x80]) })],
    ANSWERED,
  ],
  ['a mask for each fragment', fragments(say('masked anew each time'), 10), ANSWERED],
];
