/**
 * `npm run demo`: six people talk with each other on a running server, in as many scripts and languages as can be had, and
 * everything that anybody sees is checked. A composition root of its own; it ends with 0 only when every check held.
 */
import { parseArgs } from 'node:util';
import { SystemClock } from '../system/system-clock.js';
import { UuidIdSource } from '../system/uuid-id-source.js';
import { type Corpus, readCorpus } from './corpus.js';
import { encrypted, malformed, repeats, sizes, takenBack } from './demo-limits.js';
import { DemoPerson } from './demo-person.js';
import { converse, groupTalk, type Line, openDirect, passageLine, type Talk, textLine } from './demo-script.js';
import { bytesOf, Stage } from './demo-stage.js';
import { receipts, witness } from './demo-witness.js';
import { literals } from './literals.js';
import { RestDoor } from './rest-door.js';
import { Friendly, lineAbout, readArguments, stayAlive, styleFor } from './terminal.js';
import type { Message } from './wire.js';
import { scriptsIn } from './writing-systems.js';

const USAGE = `npm run demo -- [options]

  --server   http://127.0.0.1:3000
  --data     data folder of that server, where its development codes lie (./data)
  --rounds   how often the talk is repeated (1)
  --numbers  beginning of the six phone numbers, to which a digit is added (+1555 and chance)
  --survive  goes on when the server goes away and comes back
  --acks     a file to which a line is added for each message, as soon as it is acked`;

const clock = new SystemClock();
const ids = new UuidIdSource();
const NAMES = [
  'Amara Tesfaye',
  'Bjarki Jónsson',
  'Chiyo Nakamura',
  'Dilnoza Karimova',
  'Eleni Markou',
  'Farrukh Abbasi',
] as const;
const SCRIPTS_MIN = 40;
const LANGUAGES_MIN = 40;

const read = () =>
  parseArgs({
    options: {
      server: { type: 'string', default: 'http://127.0.0.1:3000' },
      data: { type: 'string', default: './data' },
      rounds: { type: 'string', default: '1' },
      numbers: { type: 'string', default: `+1555${ids.digits(7)}` },
      survive: { type: 'boolean', default: false },
      acks: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });

type Options = ReturnType<typeof read>['values'] & { readonly serverUrl: string; readonly roundsCount: number };

function readOptions(): Options {
  const values = readArguments(read, USAGE);
  const roundsCount = Number(values.rounds);
  if (!Number.isInteger(roundsCount) || roundsCount < 1) throw new Friendly('--rounds is a whole number from 1 on.');
  if (!/^\+[1-9]\d{5,12}$/.test(values.numbers)) throw new Friendly('--numbers is + and 6 to 13 digits.');
  return { ...values, roundsCount, serverUrl: values.server.replace(/(?<!\/)\/+$/, '') };
}

/** Five have phone numbers, one has an e-mail address; half of them sign with one kind of key, half with the other. */
function cast(stage: Stage, { serverUrl, data, numbers }: Options): Promise<DemoPerson[]> {
  const castings = NAMES.map((name, index) => ({
    ...{ name, serverUrl, clock, ids, dataFolder: data },
    key: index % 2 === 0 ? ('Ed25519' as const) : ('P-256' as const),
    identifier:
      index === NAMES.length - 1
        ? ({ kind: 'email', value: `demo${numbers.slice(1)}@example.org` } as const)
        : ({ kind: 'phone', value: `${numbers}${index}` } as const),
  }));
  return Promise.all(
    castings.map(async (casting) => {
      const person = await stage.patiently(() => DemoPerson.cast(casting));
      await stage.patiently(() => person.rest.call('PUT', '/v1/me/profile', { body: { displayName: casting.name } }));
      await person.session.start();
      return person;
    }),
  );
}

/** One round: what is said in the group, what is said by two, and in the first one the edges. */
async function play(
  stage: Stage,
  people: readonly DemoPerson[],
  corpus: Corpus,
  options: Options,
  round: number,
): Promise<Talk[]> {
  const [owner, , , , , friend] = people as [DemoPerson, DemoPerson, DemoPerson, DemoPerson, DemoPerson, DemoPerson];
  const lines: Line[] = [...corpus.passages.map(passageLine), ...literals.map(({ what, text }) => textLine(text, what))];
  stage.say(stage.options.style.bold(`Round ${round} of ${options.roundsCount}: five talk in a group, two talk alone`));
  const direct = await openDirect(stage, owner, friend);
  const [group] = await Promise.all([
    groupTalk(stage, 'ሰላም · שלום · 你好 · Сәлем · 🕊️', people.slice(0, 5), lines),
    converse(
      stage,
      direct,
      [owner, friend],
      corpus.naughty.map((text) => textLine(text)),
    ),
  ]);
  stage.say(`  ${owner.name} and ${friend.name} have sent each other ${corpus.naughty.length} naughty strings`);
  if (round === 1) await edges(stage, direct, { owner, friend, options });
  return [direct, group];
}

async function edges(
  stage: Stage,
  talk: Talk,
  { owner, friend, options }: { owner: DemoPerson; friend: DemoPerson; options: Options },
) {
  stage.say(stage.options.style.bold('The edges: sizes, repeats, encrypted content, taken back, malformed'));
  await sizes(stage, talk, owner);
  await repeats(stage, talk, friend);
  await encrypted(stage, talk, owner);
  await takenBack(stage, talk, friend);
  const { serverUrl, data: dataFolder } = options;
  const { name, identifier } = friend;
  const spare = await stage.patiently(() => DemoPerson.cast({ name, identifier, serverUrl, dataFolder, clock, ids }));
  await malformed(stage, talk, friend, spare);
  await stage.send(friend, talk.conversationId, { type: 'text', text: 'still connected' }, { reader: talk.reader });
}

/** Everything is checked at the end, so that all of it has also survived whatever happened in between. */
async function verify(stage: Stage, talks: readonly Talk[], corpus: Corpus): Promise<{ scripts: string[]; languages: number }> {
  stage.say(stage.options.style.bold('Everybody compares what they saw'));
  const scripts = new Map<string, number>();
  const seen = new Set<string>();
  const unique = [...new Map(talks.map((talk) => [talk.conversationId, talk])).values()];
  for (const talk of unique) {
    const history = await witness(stage, talk);
    await receipts(stage, talk, history.at(-1)?.seq ?? 0);
    for (const text of history.flatMap(textOf)) {
      seen.add(text);
      for (const [script, count] of scriptsIn(text)) scripts.set(script, (scripts.get(script) ?? 0) + count);
    }
  }
  const languages = new Set(corpus.passages.filter(({ text }) => seen.has(text)).map(({ language }) => language)).size;
  stage.check(`at least ${SCRIPTS_MIN} scripts came through`, scripts.size >= SCRIPTS_MIN, () => scripts.size);
  stage.check(`at least ${LANGUAGES_MIN} languages came through`, languages >= LANGUAGES_MIN, () => languages);
  return { scripts: [...scripts.keys()].sort(), languages };
}

const textOf = ({ content }: Message): string[] => (content?.text === undefined ? [] : [content.text]);

function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function summary(
  stage: Stage,
  people: readonly DemoPerson[],
  scripts: readonly string[],
  languages: number,
  seconds: number,
): void {
  const bytes = stage.sent.reduce((sum, { content }) => sum + bytesOf(content).length, 0);
  const rows = {
    people: people.length,
    'messages sent': stage.sent.length,
    'messages found at somebody': stage.delivered,
    'bytes of content': bytes,
    scripts: scripts.length,
    languages,
    reconnects: people.reduce((sum, { reconnects }) => sum + reconnects, 0),
    'checks passed': `${stage.passed} of ${stage.passed + stage.failures.length}`,
    time: `${seconds.toFixed(1)} s`,
    'ack p50 / p95': `${quantile(stage.ackMs, 0.5).toFixed(1)} / ${quantile(stage.ackMs, 0.95).toFixed(1)} ms`,
  };
  stage.say(`Scripts: ${scripts.join(' ')}\n`);
  for (const [name, value] of Object.entries(rows)) stage.say(`${name.padEnd(28)}${value}`);
}

async function demo(options: Options): Promise<boolean> {
  const startedMs = clock.monotonicMs();
  const style = styleFor(process.stdout.isTTY === true);
  const { serverUrl, survive: isSurviving, acks: acksFile } = options;
  const stage = new Stage({ serverUrl, clock, ids, style, isSurviving, acksFile, print: console.log });
  await stage.patiently(() => new RestDoor(serverUrl, clock).get('/v1/server'));
  const corpus = await readCorpus();
  const people = await cast(stage, options);
  try {
    stage.say(style.bold(`${people.map(({ name }) => name).join(', ')} have signed in`));
    const talks: Talk[] = [];
    for (let round = 1; round <= options.roundsCount; round += 1)
      talks.push(...(await play(stage, people, corpus, options, round)));
    const { scripts, languages } = await verify(stage, talks, corpus);
    const lost = people.filter(({ reconnects }) => reconnects > 0).map(({ name }) => name);
    if (!isSurviving) stage.check('nobody has lost the connection', lost.length === 0, () => lost);
    summary(stage, people, scripts, languages, (clock.monotonicMs() - startedMs) / 1_000);
  } finally {
    await Promise.all(people.map(({ session }) => session.stop()));
  }
  const isGood = stage.failures.length === 0;
  stage.say(isGood ? style.good('Every check passed.') : style.bad(`${stage.failures.length} checks failed.`));
  return isGood;
}

async function main(): Promise<number> {
  const rest = stayAlive();
  let serverUrl = '';
  try {
    const options = readOptions();
    serverUrl = options.serverUrl;
    if (options.help) console.log(USAGE);
    return options.help || (await demo(options)) ? 0 : 1;
  } catch (error) {
    console.error(lineAbout(error, serverUrl));
    return 1;
  } finally {
    rest();
  }
}

process.exit(await main());
