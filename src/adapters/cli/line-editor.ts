/**
 * Lines from a person or from a pipe, and lines back to them. On a terminal what is printed appears above the line that
 * is being typed; in a pipe it is plain lines, so that scripts can talk and read.
 */
import { createInterface, type Interface } from 'node:readline';
import { type Style, styleFor } from './terminal.js';

export interface Streams {
  readonly input: NodeJS.ReadStream | NodeJS.ReadableStream;
  readonly output: NodeJS.WriteStream | NodeJS.WritableStream;
}

const isTerminal = (stream: object): boolean => (stream as { isTTY?: boolean }).isTTY === true;

/** Up one line, and clear it. */
const OVER_LAST_LINE = '\u001B[1A\u001B[2K';
const CLEAR_LINE = '\r\u001B[2K';

export class LineEditor {
  readonly style: Style;
  readonly isTerminal: boolean;
  private readonly reading: Interface;
  private readonly lines: string[] = [];
  private waiting: ((line: string | undefined) => void) | undefined;
  private isOver = false;
  private isPrompting = false;
  /** What the last printed line may be replaced by: the next one of the same topic. */
  private topic: string | undefined;

  constructor(private readonly streams: Streams) {
    this.isTerminal = isTerminal(streams.input) && isTerminal(streams.output);
    this.style = styleFor(this.isTerminal);
    this.reading = createInterface({ ...streams, terminal: this.isTerminal, historySize: 100 });
    this.reading.setPrompt('> ');
    this.reading.on('line', (line) => {
      this.isPrompting = false;
      this.topic = undefined;
      this.give(line);
    });
    this.reading.on('close', () => {
      this.isOver = true;
      this.waiting?.(undefined);
      this.waiting = undefined;
    });
  }

  /** The next line; `undefined` at the end of the input. */
  next(prompt = '> '): Promise<string | undefined> {
    const line = this.lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (this.isOver) return Promise.resolve(undefined);
    if (this.isTerminal) {
      this.reading.setPrompt(prompt);
      this.reading.prompt();
      this.isPrompting = true;
    }
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }

  /** A line of a topic takes the place of the line before it, where that is possible and was of the same topic. */
  print(text: string, topic?: string): void {
    if (!this.isTerminal) {
      this.streams.output.write(`${text}\n`);
      return;
    }
    const isReplacing = topic !== undefined && topic === this.topic;
    const before = `${this.isPrompting ? CLEAR_LINE : ''}${isReplacing ? OVER_LAST_LINE : ''}`;
    this.streams.output.write(`${before}${text}\n`);
    this.topic = topic;
    if (this.isPrompting) this.reading.prompt(true);
  }

  close(): void {
    this.reading.close();
  }

  private give(line: string): void {
    const waiting = this.waiting;
    this.waiting = undefined;
    if (waiting === undefined) this.lines.push(line);
    else waiting(line);
  }
}
