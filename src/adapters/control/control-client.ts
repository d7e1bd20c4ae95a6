/** The other end of the control channel, for the tools of an operator: one question, what it says meanwhile, its answer. */
import { createConnection } from 'node:net';
import {
  type ControlAnswers,
  type ControlInput,
  type ControlLine,
  type ControlName,
  type ControlProgress,
  ControlRefused,
  controlLimits,
  controlPath,
} from './control-commands.js';
import { Lines, lineOf } from './control-lines.js';

/** Nobody listens at the data folder: its server does not run, or this is another folder. */
export class NotRunning extends Error {
  override readonly name = 'NotRunning';
}

export interface Asking {
  readonly report?: (progress: ControlProgress) => void;
  /** Gives the question up, and with it what the server does for it. */
  readonly signal?: AbortSignal;
}

export function askServer<Name extends ControlName>(
  dataFolder: string,
  command: Name,
  input: ControlInput<Name>,
  { report = () => undefined, signal }: Asking = {},
): Promise<ControlAnswers[Name]> {
  const path = controlPath(dataFolder);
  if (path === undefined) return Promise.reject(new NotRunning(`The path of ${dataFolder} is too long for a socket.`));
  return new Promise((resolve, reject) => {
    const socket = createConnection(path, () => void socket.write(lineOf({ command, ...input })));
    const lines = new Lines(controlLimits.answerBytesMax);
    const finish = (settle: () => void): void => {
      settle();
      socket.destroy();
    };
    signal?.addEventListener('abort', () => finish(() => reject(signal.reason)), { once: true });
    socket.on('error', (cause) => finish(() => reject(new NotRunning(`No server answers at ${dataFolder}.`, { cause }))));
    socket.on('close', () => reject(new NotRunning(`The server at ${dataFolder} went away before it answered.`)));
    socket.on('data', (piece) => {
      for (const line of lines.push(piece).map((text) => JSON.parse(text) as ControlLine)) {
        if (line.kind === 'progress') report(line.progress);
        else if (line.kind === 'done') finish(() => resolve(line.answer as ControlAnswers[Name]));
        else finish(() => reject(new ControlRefused(line.code, line.detail)));
      }
    });
  });
}
