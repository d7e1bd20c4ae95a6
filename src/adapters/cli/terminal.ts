/**
 * How the tools speak to a person: short lines, colours on a terminal only, and never a stack. Text of other people is
 * made visible first: whoever writes to you must not be able to move your cursor or retitle your window.
 */
import { MessageChannel } from 'node:worker_threads';
import { Ended } from './chat-session.js';
import { Refused, Unreachable } from './wire.js';

/** A mistake of the person or of their surroundings: the message is one line that says what to do. */
export class Friendly extends Error {
  override readonly name = 'Friendly';
}

/** What `parseArgs` says about a wrong argument, as such a mistake. */
export function readArguments<Values>(read: () => { readonly values: Values }, usage: string): Values {
  try {
    return read().values;
  } catch (error) {
    throw new Friendly(`${(error as Error).message.split('\n', 1)[0]}\n\n${usage}`);
  }
}

export interface Style {
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

const painted = (on: string, off: string) => (text: string) => `\u001B[${on}m${text}\u001B[${off}m`;
const plain = (text: string): string => text;

export const styleFor = (isTerminal: boolean): Style =>
  isTerminal
    ? { dim: painted('2', '22'), bold: painted('1', '22'), good: painted('32', '39'), bad: painted('31', '39') }
    : { dim: plain, bold: plain, good: plain, bad: plain };

const CONTROLS = /(?![\n\t])\p{Cc}/gu;
/** They turn the direction of what follows, beyond the end of their own text. */
const TURNING = /[\u202A-\u202E\u2066-\u2069]/g;

/** The text with its line breaks kept and everything else that steers a terminal taken out. */
export const visible = (text: string): string =>
  text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(CONTROLS, '\uFFFD')
    .replace(TURNING, '');

/** On one line, at most so many characters as people see them. */
export function shortened(text: string, charactersMax: number): string {
  const seen = [...new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(visible(text).replaceAll('\n', ' '))];
  const kept = seen
    .slice(0, charactersMax)
    .map(({ segment }) => segment)
    .join('');
  return seen.length > charactersMax ? `${kept}…` : kept;
}

/** An RFC 3339 instant as the time of day here. */
export const timeOf = (instantText: string | undefined): string => {
  const at = new Date(instantText ?? '');
  return Number.isNaN(at.getTime()) ? '--:--:--' : at.toTimeString().slice(0, 8);
};

/** One line about whatever went wrong. */
export function lineAbout(error: unknown, serverUrl: string): string {
  if (error instanceof Friendly) return error.message;
  if (error instanceof Ended) return `The connection is over: ${error.message}`;
  if (error instanceof Refused) return `The server refused: ${error.message}`;
  if (error instanceof Unreachable) {
    return `There is no Sottovoce server at ${serverUrl}. Start one with: npm start`;
  }
  return `Something went wrong: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}`;
}

/** Waiting alone does not keep a process alive; a tool that waits for its server must stay. */
export function stayAlive(): () => void {
  const { port1 } = new MessageChannel();
  port1.on('message', () => undefined);
  return () => port1.close();
}
