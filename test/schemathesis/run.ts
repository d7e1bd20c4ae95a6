/**
 * T6: so many requests that Schemathesis makes of the OpenAPI document, to a server with several people on it. Schemathesis is
 * Python: it gets an environment of its own outside this folder, with pinned versions. `npm run schemathesis -- --requests 25000`.
 */
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Person } from '../support/person.js';
import { ServedApp } from '../support/served-app.js';

const VERSION = '4.32.5';
const PEOPLE = 6;
const ROUNDS_MAX = 100;
/** A run that is mostly refused at the door says nothing about what is behind it. */
const GRANTED_MIN = 0.1;
/** Granted only to who has a code or a private key, which no schema describes. */
const NEVER_GRANTED = ['POST /v1/tokens', 'POST /v1/verifications/{verificationId}/complete'];
/**
 * Not judged: that what fits a schema is taken, because a sealed cursor or a number's kind is more than a schema can say; and
 * that a method which is not there is a 405, because it is a 404 here.
 */
const LEFT_OUT = ['positive_data_acceptance', 'unsupported_method', 'allow_header_conformance'];
const HOOKS = fileURLToPath(new URL('hooks.py', import.meta.url));
const CONFIG = fileURLToPath(new URL('schemathesis.toml', import.meta.url));

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '25000' },
    seed: { type: 'string', default: '1' },
    examples: { type: 'string', default: '150' },
    cache: { type: 'string', default: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sottovoce') },
  },
});
const wanted = Number(values.requests);
const seed = Number(values.seed);

/** The path of the installed command. Says plainly what to install where Python or its venv is missing. */
function install(): string {
  const folder = join(values.cache, `schemathesis-${VERSION}`);
  const command = join(folder, 'bin', 'schemathesis');
  if (existsSync(command) && spawnSync(command, ['--version']).status === 0) return command;
  console.log(`Installing Schemathesis ${VERSION} in ${folder}`);
  rmSync(folder, { recursive: true, force: true });
  must(
    spawnSync('python3', ['-m', 'venv', folder]),
    'Python 3.10 or newer with venv is needed (on Debian: apt install python3-venv).',
  );
  must(
    spawnSync(join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', `schemathesis==${VERSION}`]),
    `pip could not install schemathesis ${VERSION}.`,
  );
  return command;
}

function must({ status, error, stderr }: SpawnSyncReturns<Buffer>, advice: string): void {
  if (status === 0) return;
  throw new Error(`${advice}\n${error?.message ?? stderr.toString()}`);
}

/** Several people, a group that all but one are in, a direct conversation, and messages: ids that a request can meet. */
async function world(app: ServedApp): Promise<object> {
  const people = await Promise.all(Array.from({ length: PEOPLE }, () => Person.signIn(app.asApp)));
  const [ada, ben] = people as [Person, Person];
  const [leavers, others] = [people.slice(2, 4), [ben, ...people.slice(4)]];
  const groupId = randomUUID();
  const accountIds = people.slice(1, -1).map(({ accountId }) => accountId);
  await ada.call('POST', '/v1/group-conversations', { conversationId: groupId, title: 'Schemathesis', accountIds });
  const directId = await ada.directWith(ben);
  const messageIds = await Promise.all(
    Array.from(
      { length: 20 },
      async (_, at) => (await ada.send(at % 2 === 0 ? groupId : directId, `message ${at}`)).body.messageId,
    ),
  );
  const synced = await ada.call('GET', '/v1/sync');
  const { body } = await ada.eventually(`/v1/conversations/${groupId}/members`, (answer) => answer.status === 200);
  return {
    owner: ada.accessToken,
    others: others.map(({ accessToken }) => accessToken),
    leavers: leavers.map(({ accessToken }) => accessToken),
    numbers: people.map(({ number }) => number),
    cursor: synced.body.cursor,
    ids: {
      conversationId: [groupId, directId],
      messageId: messageIds,
      memberId: body.items.map((member: { memberId: string }) => member.memberId),
      accountId: people.map(({ accountId }) => accountId),
      deviceId: leavers.map(({ deviceId }) => deviceId),
    },
  };
}

interface Round {
  readonly command: string;
  readonly app: ServedApp;
  readonly folder: string;
  readonly round: number;
}

async function play({
  command,
  app,
  folder,
  round,
}: Round): Promise<{ readonly status: number; readonly answers: readonly string[] }> {
  const [worldFile, countFile] = [join(folder, 'world.json'), join(folder, `count-${round}`)];
  writeFileSync(worldFile, JSON.stringify(await world(app)));
  writeFileSync(countFile, '');
  const env = { ...process.env, SCHEMATHESIS_HOOKS: HOOKS, SOTTOVOCE_WORLD: worldFile, SOTTOVOCE_COUNT: countFile };
  const options = [
    '--checks',
    'all',
    '--exclude-checks',
    LEFT_OUT.join(','),
    '--phases',
    'examples,coverage,fuzzing,stateful',
    '--continue-on-failure',
    '--no-color',
  ];
  // Not in step with it: a connection that the server ends meanwhile has to be noticed here.
  const child = spawn(
    command,
    [
      ...[
        '--config-file',
        CONFIG,
        'run',
        `${app.url}/openapi.json`,
        ...options,
        '--seed',
        String(seed + round),
        '--max-examples',
        values.examples,
      ],
      ...['--workers', '1', '--generation-database', 'none', '--suppress-health-check', 'all'],
    ],
    { cwd: folder, env: { ...env, SOTTOVOCE_SEED: String(seed + round) }, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const [status] = (await once(child, 'close')) as [number | null];
  return { status: status ?? 1, answers: readFileSync(countFile, 'utf8').split('\n').slice(0, -1) };
}

async function main(): Promise<void> {
  const command = install();
  const folder = mkdtempSync(join(tmpdir(), 'sottovoce-schemathesis-'));
  const app = await ServedApp.start({ SOTTOVOCE_LOG: 'info' });
  const byStatus = new Map<string, number>();
  const byOperation = new Map<string, Map<string, number>>();
  const memory = [app.memoryMib()];
  let requests = 0;
  let failedRounds = 0;
  for (let round = 0; requests < wanted && round < ROUNDS_MAX && failedRounds === 0; round += 1) {
    const { status, answers } = await play({ command, app, folder, round });
    for (const answer of answers) {
      const [code, operation] = [answer.slice(0, 3), answer.slice(4)];
      byStatus.set(code, (byStatus.get(code) ?? 0) + 1);
      const codes = byOperation.get(operation) ?? new Map<string, number>();
      byOperation.set(operation, codes.set(code, (codes.get(code) ?? 0) + 1));
    }
    requests += answers.length;
    if (status !== 0 || answers.length === 0) failedRounds += 1;
    memory.push(app.memoryMib());
  }
  const errors = app.logged.filter((line) => line.includes('"level":"error"'));
  console.log(`\n${requests} requests of seeds from ${seed} in ${memory.length - 1} rounds; answers by status:`);
  for (const [code, count] of [...byStatus].sort()) console.log(`  ${code}  ${count}`);
  console.log(`memory of the server in MiB, after each round: ${memory.join(', ')}`);
  for (const line of errors.slice(0, 10)) console.log(line);
  const share = (isMeant: (code: string) => boolean): number =>
    [...byStatus].reduce((sum, [code, times]) => sum + (isMeant(code) ? times : 0), 0) / requests;
  const [grantedShare, limitedShare] = [share((code) => code.startsWith('2')), share((code) => code === '429')];
  const isGranted = ([, codes]: readonly [string, ReadonlyMap<string, number>]) =>
    [...codes.keys()].some((code) => code.startsWith('2'));
  const granted = [...byOperation].filter(isGranted);
  const refused = [...byOperation].filter((one) => !isGranted(one) && !NEVER_GRANTED.includes(one[0]));
  console.log(`${(grantedShare * 100).toFixed(1)} % were granted, ${(limitedShare * 100).toFixed(1)} % met a limit on traffic`);
  console.log(`${granted.length} of ${byOperation.size} operations were granted at least once`);
  for (const [operation, codes] of refused)
    console.log(`FAIL  never granted: ${operation} (${[...codes].map(([code, count]) => `${code} ${count} times`).join(', ')})`);
  const isReached = grantedShare >= GRANTED_MIN && limitedShare === 0 && refused.length === 0;
  if (!isReached) console.log('FAIL  the requests did not reach what they are made for');
  const checks = [failedRounds === 0, app.ended === undefined, errors.length === 0, requests >= wanted, isReached];
  await app.stop();
  rmSync(folder, { recursive: true, force: true });
  const failed = checks.filter((isFine) => !isFine).length;
  console.log(`${checks.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
