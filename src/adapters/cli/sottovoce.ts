/**
 * `npm run sottovoce -- …`: the tool of an operator. It finds the command in its table, runs it, and ends with one clear
 * line and a number, never with a stack.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { foldersOf } from '../../inspection.js';
import { NotRunning } from '../control/control-client.js';
import { ControlRefused } from '../control/control-commands.js';
import { type OperatorCommand, type OperatorHands, operatorCommands } from './operator-commands.js';
import { Friendly, readArguments, stayAlive } from './terminal.js';

const FAILED = 1;
const MISUSED = 2;
const INTERRUPTED = 130;

const lines = Object.entries(operatorCommands).map(([words, { takes, about }]) => ({ call: `${words} ${takes}`.trim(), about }));
const width = Math.max(...lines.map(({ call }) => call.length));
const USAGE = `npm run sottovoce -- COMMAND [--data FOLDER]

${lines.map(({ call, about }) => `  ${call.padEnd(width)}  ${about}`).join('\n')}

  --data  data folder of the server (SOTTOVOCE_DATA, or ./data)`;

/** The longest beginning of the words that is a command, and what follows it. */
function commandOf(words: readonly string[]): { readonly command: OperatorCommand; readonly args: readonly string[] } {
  for (let count = words.length; count > 0; count -= 1) {
    const name = words.slice(0, count).join(' ');
    const command = Object.hasOwn(operatorCommands, name) ? operatorCommands[name] : undefined;
    if (command !== undefined) return { command, args: words.slice(count) };
  }
  throw new Friendly(USAGE);
}

/** `--data` is everybody's; every other option belongs to the command that it is given to. */
function readWords(): { readonly words: readonly string[]; readonly data: string } {
  const options = { data: { type: 'string' } } as const;
  const [, , ...given] = process.argv;
  const at = given.indexOf('--data');
  const own = at < 0 ? [] : given.slice(at, at + 2);
  const { data } = readArguments(() => parseArgs({ args: own, options }), USAGE);
  return { words: at < 0 ? given : [...given.slice(0, at), ...given.slice(at + 2)], data: foldersOf(data).data };
}

function explain(error: unknown, { dataFolder }: Pick<OperatorHands, 'dataFolder'>): string {
  if (error instanceof NotRunning) return `${error.message} Start it with npm start, or name its folder with --data.`;
  if (error instanceof Friendly) return error.message;
  if (error instanceof ControlRefused) return `The server at ${dataFolder} refused: ${error.message}`;
  if (!existsSync(dataFolder)) return `There is no data folder ${dataFolder}: name the right one with --data.`;
  return `Something went wrong: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}`;
}

async function main(): Promise<number> {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort(new Friendly('Interrupted: the server has given it up.')));
  const isTerminal = process.stderr.isTTY === true;
  const { words, data } = readWords();
  const hands: OperatorHands = {
    dataFolder: data,
    print: (line) => void process.stdout.write(`${line}\n`),
    progress: (line) => void process.stderr.write(isTerminal ? `\r\u001B[K${line}` : `${line}\n`),
    signal: interrupted.signal,
  };
  try {
    const { command, args } = commandOf(words);
    return await command.run(args, hands);
  } catch (error) {
    process.stderr.write(`${explain(error, hands)}\n`);
    if (interrupted.signal.aborted) return INTERRUPTED;
    return error instanceof Friendly ? MISUSED : FAILED;
  }
}

stayAlive();
process.exit(await main());
