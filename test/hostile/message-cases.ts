/** Messages in fragments, texts and closings, right and wrong, and what each is answered. */
import { closePayload, frame, op } from '../support/raw-socket.js';
import { ANSWERED, chop, type FrameCase, fragments, ping, pong, say, spoken, text } from './frame-cases.js';

const first = (payload: Buffer | string, opcode: number = op.text) => frame({ opcode, fin: false, payload });
const next = (payload: Buffer | string) => frame({ opcode: op.continuation, fin: false, payload });
const last = (payload: Buffer | string) => frame({ opcode: op.continuation, payload });
const halves = (): [Buffer, Buffer] => [say('fragments').subarray(0, 30), say('fragments').subarray(30)];
const [head, tail] = halves();

export const fragmentation: readonly FrameCase[] = [
  ['text in two fragments', [first(head), last(tail)], ANSWERED],
  ['text in two fragments, in one write', [Buffer.concat([first(head), last(tail)])], ANSWERED],
  ['text in two fragments, byte by byte', chop(Buffer.concat([first(head), last(tail)]), 1), ANSWERED],
  ['text in fragments of two bytes', fragments(say('a'), 2), ANSWERED],
  ['an empty first and an empty last fragment', [first(''), next(say('a')), last('')], ANSWERED],
  ['64 fragments', [first(say('a')), ...Array.from({ length: 62 }, () => next(' ')), last(' ')], ANSWERED],
  ['65 fragments', [first(say('a')), ...Array.from({ length: 63 }, () => next(' ')), last(' ')], ['close 1008']],
  ['2,000 empty fragments', [first(say('a')), Buffer.concat(Array.from({ length: 2_000 }, () => next('')))], ['close 1008']],
  ['a ping between two fragments', [first(head), ping('between'), last(tail)], ['pong between', ...ANSWERED]],
  ['a pong between two fragments', [first(head), pong('between'), last(tail)], ANSWERED],
  ['many pings between fragments', [first(head), ping('1'), next(''), ping('2'), last(tail)], ['pong 1', 'pong 2', ...ANSWERED]],
  [
    'a close between two fragments',
    [first(head), frame({ opcode: op.close, payload: closePayload(1000) }), last(tail)],
    ['close 1000'],
  ],
  ['a continuation of nothing', [last('nothing')], ['close 1002']],
  ['a continuation of nothing, with more to come', [next('nothing'), last('')], ['close 1002']],
  ['a continuation of what has ended', [Buffer.concat([first(head), last(tail), last('more')])], ['close 1002']],
  ['a continuation after a whole frame', [Buffer.concat([spoken, next('more')])], ['close 1002']],
  ['text within fragments', [first(head), spoken], ['close 1002']],
  ['a first fragment within fragments', [first(head), first(tail)], ['close 1002']],
  ['binary within fragments of text', [first(head), frame({ opcode: op.binary, payload: tail })], ['close 1002']],
  ['binary in fragments', [first('a', op.binary), last('b')], ['close 1003']],
  ['a close in fragments', [first(closePayload(1000), op.close), last('')], ['close 1002']],
  ['a message that never ends', [first(head)], []],
];

const bytes = (...values: number[]) => Buffer.from(values);

/** The ends of each length of UTF-8, and texts that were trouble to somebody once. */
const fine: readonly (readonly [string, string])[] = [
  ['Greek', 'κόσμε'],
  ['mixed scripts', 'Hello-µ@ßöäüàá-UTF-8!!'],
  ['ASCII 0x7f', '\u007f'],
  ['U+0080', '\u0080'],
  ['U+07FF', '\u07ff'],
  ['U+0800', '\u0800'],
  ['U+D7FF', '\ud7ff'],
  ['U+E000', '\ue000'],
  ['U+FEFF', '\ufeff'],
  ['U+FFFD', '\ufffd'],
  ['U+FFFE', '\ufffe'],
  ['U+FFFF', '\uffff'],
  ['U+10000', '\u{10000}'],
  ['U+1FFFE', '\u{1fffe}'],
  ['U+10FFFF', '\u{10ffff}'],
  ['a family of emoji', '👩‍👩‍👧‍👦'],
  ['combining marks', `a${'\u0301'.repeat(200)}`],
  ['right-to-left override', '\u202etxt.exe'],
];

const broken: readonly (readonly [string, Buffer])[] = [
  ['a lone continuation byte', bytes(0x80)],
  ['the last continuation byte alone', bytes(0xbf)],
  ['seven continuation bytes', bytes(0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf, 0x80)],
  ['a first byte of two, alone', bytes(0xc2)],
  ['a first byte of three, alone', bytes(0xe0)],
  ['a first byte of four, alone', bytes(0xf0)],
  ['three of four bytes', bytes(0xf0, 0x90, 0x80)],
  ['two of three bytes', bytes(0xe2, 0x82)],
  ['two first bytes', bytes(0xc2, 0xc2)],
  ['0xfe', bytes(0xfe)],
  ['0xff', bytes(0xff)],
  ['0xfe 0xfe 0xff 0xff', bytes(0xfe, 0xfe, 0xff, 0xff)],
  ['five bytes of old', bytes(0xf8, 0x88, 0x80, 0x80, 0x80)],
  ['six bytes of old', bytes(0xfc, 0x84, 0x80, 0x80, 0x80, 0x80)],
  ['a slash in two bytes', bytes(0xc0, 0xaf)],
  ['a slash in three bytes', bytes(0xe0, 0x80, 0xaf)],
  ['a slash in four bytes', bytes(0xf0, 0x80, 0x80, 0xaf)],
  ['NUL in two bytes', bytes(0xc0, 0x80)],
  ['0x7f in two bytes', bytes(0xc1, 0xbf)],
  ['U+07FF in three bytes', bytes(0xe0, 0x9f, 0xbf)],
  ['U+FFFF in four bytes', bytes(0xf0, 0x8f, 0xbf, 0xbf)],
  ['the surrogate D800', bytes(0xed, 0xa0, 0x80)],
  ['the surrogate DFFF', bytes(0xed, 0xbf, 0xbf)],
  ['a pair of surrogates', bytes(0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80)],
  ['U+110000', bytes(0xf4, 0x90, 0x80, 0x80)],
  ['the byte 0xf5', bytes(0xf5, 0x80, 0x80, 0x80)],
  ['Latin-1', Buffer.from('café', 'latin1')],
];

const smile = say('😀');
const insideSmile = smile.indexOf(Buffer.from('😀')) + 2;

export const utf8: readonly FrameCase[] = [
  ...fine.map(([name, value]): FrameCase => [`${name} as UTF-8`, [text(say(value))], ANSWERED]),
  ...broken.map(([name, value]): FrameCase => [`${name}, which is no UTF-8`, [text(say(value))], ['close 1007']]),
  ['a character that two fragments share', [first(smile.subarray(0, insideSmile)), last(smile.subarray(insideSmile))], ANSWERED],
  ['characters of three bytes in fragments of two', fragments(say('€€'), 2), ANSWERED],
  ['a broken first fragment, once the text is whole', [first(say(bytes(0xff))), last('')], ['close 1007']],
  ['a broken second fragment', [first(head), last(bytes(0xc0, 0xaf))], ['close 1007']],
  ['a text that ends inside a character', [first(smile.subarray(0, insideSmile)), last('')], ['close 1007']],
  ['a byte order mark before the frame', [text(Buffer.concat([bytes(0xef, 0xbb, 0xbf), say('a')]))], ['close 4400']],
];

const closing = (payload: Buffer | string) => frame({ opcode: op.close, payload });
const codesThatMayBeSent = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4400, 4999];
const codesThatMayNot = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];

export const closings: readonly FrameCase[] = [
  ...codesThatMayBeSent.map((code): FrameCase => [`a close with ${code}`, [closing(closePayload(code))], [`close ${code}`]]),
  ...codesThatMayNot.map(
    (code): FrameCase => [`a close with ${code}, which may not be sent`, [closing(closePayload(code))], ['close 1002']],
  ),
  ['a close without a code', [closing('')], ['close none']],
  ['a close with half a code', [closing(bytes(3))], ['close 1002']],
  ['a close with a reason', [closing(closePayload(1000, 'good bye'))], ['close 1000']],
  ['a close with a reason of 123 bytes', [closing(closePayload(1000, '*'.repeat(123)))], ['close 1000']],
  ['a close with a reason of 124 bytes', [closing(closePayload(1000, '*'.repeat(124)))], ['close 1002']],
  ['a close with a reason that is no UTF-8', [closing(closePayload(1000, bytes(0xce, 0xff)))], ['close 1007']],
  ['a close with a reason that ends inside a character', [closing(closePayload(1000, bytes(0xe2, 0x82)))], ['close 1007']],
  ['two closes', [Buffer.concat([closing(closePayload(1000)), closing(closePayload(1001))])], ['close 1000']],
  ['a ping after the close', [Buffer.concat([closing(closePayload(1000)), ping('late')])], ['close 1000']],
  ['text after the close', [Buffer.concat([closing(closePayload(1000)), spoken])], ['close 1000']],
  ['a close that claims 2 GiB', [frame({ opcode: op.close, claim: 1n << 31n, lengthBits: 64 })], ['close 1002']],
  ['a close with a pong behind it', [Buffer.concat([closing(closePayload(3000)), pong()])], ['close 3000']],
];
