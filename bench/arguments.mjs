/** What the command was asked for. Whoever asks wrongly is shown how to ask. */
import { parseArgs } from 'node:util';

export const USAGE = `How fast Sottovoce is, as ratios to what the same machine can do at best in the same minutes.

  npm run bench                                    everything, 9 rounds (says first how long that takes)
  npm run bench -- --items a,c --rounds 3          only these items
  npm run bench -- --json figures.json             the figures as a file too
  npm run bench -- --peer ejabberd                 side by side with ejabberd over PostgreSQL, from Debian's packages

  --items    names of docs/performance.md, separated by commas
  --peer     another product; alone it means that only this is measured
  --rounds   interleaved rounds of each item, 1 to 100 (9)
  --seconds  of each measurement, 0.1 to 600 (10)
  --json     a file to write
  --quick    small populations: shows that the bench works, and nothing else
`;

export class WrongArguments extends Error {}

const options = {
  items: { type: 'string' },
  peer: { type: 'string' },
  rounds: { type: 'string', default: '9' },
  seconds: { type: 'string', default: '10' },
  json: { type: 'string' },
  quick: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

export function readArguments(argv, knownItems, knownPeers) {
  let values;
  try {
    ({ values } = parseArgs({ args: argv, options }));
  } catch (error) {
    throw new WrongArguments(error.message);
  }
  const { items, json, quick, help, peer } = values;
  const wanted = items === undefined ? (peer === undefined ? knownItems : []) : items.split(',').map((item) => item.trim());
  const unknown = wanted.filter((item) => !knownItems.includes(item));
  if (unknown.length > 0)
    throw new WrongArguments(`There is no item ${unknown.join(', ')}. There are: ${knownItems.join(', ')}.`);
  if (peer !== undefined && !knownPeers.includes(peer))
    throw new WrongArguments(`There is no peer ${peer}. There is: ${knownPeers.join(', ')}.`);
  const rounds = number('rounds', values.rounds, 1, 100);
  if (!Number.isInteger(rounds)) throw new WrongArguments('--rounds is a whole number.');
  return { items: wanted, peer, rounds, seconds: number('seconds', values.seconds, 0.1, 600), json, quick, help };
}

function number(name, text, min, max) {
  const value = Number(text);
  if (!(value >= min && value <= max)) throw new WrongArguments(`--${name} is a number from ${min} to ${max}, not ${text}.`);
  return value;
}
