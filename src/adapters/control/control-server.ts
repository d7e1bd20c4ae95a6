/**
 * The server's end of the control channel: a socket file that only the owner of the process may open. A connection asks
 * one thing; when it goes away, what it asked for is given up. The folder's lock says that a file found there is a dead
 * process's, so that it is taken away before the new one is made.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../application/ports/clock.js';
import {
  type ControlAnswers,
  type ControlInput,
  type ControlLine,
  type ControlName,
  type ControlProgress,
  ControlRefused,
  controlCommands,
  controlLimits,
} from './control-commands.js';
import { Lines, LineTooLong, lineOf } from './control-lines.js';

export interface Turn {
  /** Aborted when whoever asked has gone, or the server stops. */
  readonly signal: AbortSignal;
  readonly report: (progress: ControlProgress) => void;
}

/** A command without its handler does not compile. A handler refuses by `ControlRefused`. */
export type ControlHandlers = {
  readonly [Name in ControlName]: (input: ControlInput<Name>, turn: Turn) => Promise<ControlAnswers[Name]>;
};

export interface ControlServerOptions {
  readonly path: string;
  readonly handlers: ControlHandlers;
  readonly clock: Clock;
  readonly failed: (command: ControlName, error: unknown) => void;
}

export class ControlServer {
  private readonly turns = new Map<Socket, AbortController>();
  private readonly server: Server;

  constructor(private readonly options: ControlServerOptions) {
    this.server = createServer((socket) => this.accept(socket));
  }

  async listen(): Promise<void> {
    const { path } = this.options;
    rmSync(path, { force: true });
    // The file comes to be inside of `listen`: nobody else can open it in between.
    const mask = process.umask(0o177);
    const listening = new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(path, resolve);
    });
    process.umask(mask);
    await listening;
    chmodSync(path, 0o600);
  }

  /** Gives up what is under way and takes the file away. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const [socket, turn] of this.turns) {
      turn.abort();
      socket.destroy();
    }
    await closed;
  }

  private accept(socket: Socket): void {
    const turn = new AbortController();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      turn.abort();
      this.turns.delete(socket);
    });
    if (this.turns.size >= controlLimits.connectionsMax) end(socket, refusal(new ControlRefused('too-many')));
    else {
      this.turns.set(socket, turn);
      void this.serve(socket, turn.signal);
    }
  }

  private async serve(socket: Socket, signal: AbortSignal): Promise<void> {
    try {
      const request = await this.readRequest(socket, signal);
      if (request === undefined) socket.destroy();
      else await this.answer(socket, request, signal);
    } catch (error) {
      end(socket, refusal(error));
    }
  }

  /** The first line, or nothing when it does not come in time. */
  private readRequest(socket: Socket, signal: AbortSignal): Promise<string | undefined> {
    const lines = new Lines(controlLimits.requestBytesMax);
    const read = new AbortController();
    signal.addEventListener('abort', () => read.abort(), { once: true });
    return new Promise((resolve, reject) => {
      socket.on('data', (piece) => {
        if (read.signal.aborted) return;
        try {
          const [first] = lines.push(piece);
          if (first === undefined) return;
          resolve(first);
        } catch (error) {
          reject(error instanceof LineTooLong ? new ControlRefused('too-large') : error);
        }
        read.abort();
      });
      void this.options.clock.wait(controlLimits.requestWithinMs, read.signal).then(() => resolve(undefined));
    });
  }

  private async answer(socket: Socket, request: string, signal: AbortSignal): Promise<void> {
    const send = (line: ControlLine): void => {
      if (!socket.destroyed) socket.write(lineOf(line));
    };
    const parsed = parse(request);
    try {
      if (parsed === undefined) throw new ControlRefused('invalid-request');
      const run = this.options.handlers[parsed.name] as (input: unknown, turn: Turn) => Promise<unknown>;
      const answer = await run(parsed.input, { signal, report: (progress) => send({ kind: 'progress', progress }) });
      end(socket, { kind: 'done', answer });
    } catch (error) {
      if (parsed !== undefined && !(error instanceof ControlRefused)) this.options.failed(parsed.name, error);
      end(socket, refusal(error));
    }
  }
}

function parse(request: string): { readonly name: ControlName; readonly input: unknown } | undefined {
  try {
    const { command, ...input } = JSON.parse(request) as { readonly command?: unknown };
    if (typeof command !== 'string' || !Object.hasOwn(controlCommands, command)) return undefined;
    const name = command as ControlName;
    const checked = controlCommands[name].safeParse(input);
    return checked.success ? { name, input: checked.data } : undefined;
  } catch {
    return undefined;
  }
}

function refusal(error: unknown): ControlLine {
  const { code, message } = error instanceof ControlRefused ? error : new ControlRefused('failed');
  return { kind: 'refused', code, detail: message };
}

/** Writes the last line and lets go, whether or not the other end does. */
function end(socket: Socket, line: ControlLine): void {
  if (!socket.destroyed) socket.write(lineOf(line));
  socket.destroySoon();
}
