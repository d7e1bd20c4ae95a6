/** `sottovoce projections rebuild NAME`: has the running server build a view anew, and says what it found. */
import { parseArgs } from 'node:util';
import { askServer } from '../control/control-client.js';
import type { OperatorCommand } from './operator-commands.js';
import { Friendly, readArguments } from './terminal.js';

const TAKES = 'NAME [--accept-differences]';
const USAGE = `npm run sottovoce -- projections rebuild ${TAKES}`;

function readRebuild(args: readonly string[]): { readonly name: string; readonly acceptDifferences: boolean } {
  const options = { 'accept-differences': { type: 'boolean', default: false } } as const;
  let name: string | undefined;
  const values = readArguments(() => {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true });
    if (parsed.positionals.length === 1) [name] = parsed.positionals;
    return parsed;
  }, USAGE);
  if (name === undefined) throw new Friendly(`Name one projection:\n\n  ${USAGE}`);
  return { name, acceptDifferences: values['accept-differences'] };
}

export const projectionsRebuild: OperatorCommand = {
  takes: TAKES,
  about: 'builds a view anew beside the living one, compares, and switches',
  run: async (args, { dataFolder, print, progress, signal }) => {
    const input = readRebuild(args);
    const report = ({ phase, done, of }: { readonly phase: string; readonly done: number; readonly of: number }): void =>
      progress(`${phase} ${done} of ${of}`);
    const answer = await askServer(dataFolder, 'projections-rebuild', input, { signal, report });
    const { collection, position, events, durationMs, liveDocuments, rebuiltDocuments, differences, first, outcome } = answer;
    progress('');
    print(`${collection}: ${events} events in ${(durationMs / 1_000).toFixed(1)} s`);
    print(`at position ${position}: ${liveDocuments} documents stood, ${rebuiltDocuments} were built, ${differences} differ`);
    for (const { id, kind, fields } of first) print(`  ${kind} ${id}${fields.length === 0 ? '' : ` (${fields.join(', ')})`}`);
    print(
      outcome === 'switched'
        ? 'readers have switched'
        : 'the view stays as it was: look at the differences, and add --accept-differences if they are expected',
    );
    return outcome === 'switched' ? 0 : 1;
  },
};
