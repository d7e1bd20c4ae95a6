/**
 * What stands in whole files: whether every sealed value opens that should, and whether every view is what the log makes of
 * it. Views and log stand still while they are looked at, keys do not: what is destroyed meanwhile is gone here at once.
 */
import { type KeyStoreReading, readKeyStore } from './adapters/crypto/key-store-reading.js';
import { FileRootKeys } from './adapters/files/file-root-keys.js';
import { openKeyRowsToRead } from './adapters/sqlite/key-rows-to-read.js';
import { openStandingLog, type StandingLog } from './adapters/sqlite/standing-log.js';
import { FoldedViews, StandingViews } from './adapters/sqlite/standing-views.js';
import { SystemClock } from './adapters/system/system-clock.js';
import { EventCodec } from './application/event-codec.js';
import { SealCheck, type SealFault } from './application/seal-check.js';
import { type Finding, type Folders, verdict } from './inspection.js';
import { joinSources, stretchOf } from './log-for-views.js';
import { enricher } from './projections/kernel/pairing.js';
import type { Projection } from './projections/kernel/projection.js';
import type { Difference } from './projections/kernel/rebuild-report.js';
import { allCollections, allProjections } from './projections/projections.js';
import { compareViews, foldUpTo, type StandingView } from './projections/view-check.js';

export type Report = (step: string) => void;

const PAGE_EVENTS = 1_000;
const DIFFERENCES_TOLD = 3;
/** How often, and for how long in all, log and views are taken anew until no stream was removed between the two. */
const TAKES_MAX = 40;
const TAKE_AGAIN_MS = 50;
const STEPS_TOLD = 20;

export const RESTORE = 'Stop the server, keep a copy of the folder, and restore the newest backup.';
export const BUILD_ANEW =
  'Stop the server, move read.sqlite and its -wal and -shm away, and start it: all views are built from the log. Nothing is lost.';
const KEYS_AGAIN =
  'Keep a copy of both folders, stop the server, and put back keys.sqlite and the key folder of one moment: "The key store is lost".';

export async function contentsOf({ data, keys }: Folders, report: Report): Promise<readonly Finding[]> {
  const opened: { close(): void }[] = [];
  const held = <Part extends { close(): void }>(part: Part): Part => {
    opened.push(part);
    return part;
  };
  try {
    const standing = await orFinding('log and views', 'See the lines above.', () => standingOf(data, held));
    if ('check' in standing) return [standing];
    const store = await orFinding('keys', KEYS_AGAIN, async () => {
      const { rows } = held(openKeyRowsToRead(data));
      return readKeyStore(rows, await FileRootKeys.openToRead(keys), new SystemClock());
    });
    if ('check' in store) return [store];
    const rings = await orFinding('key rings', KEYS_AGAIN, () => ringsOf(store, report));
    if (rings.verdict === 'fail') return [rings];
    const seals = await orFinding('sealed values', RESTORE, () => sealsOf(store, standing.log, report));
    const views = await orFinding('views', RESTORE, () => viewsOf(store, standing, report));
    return [rings, seals, ...('check' in views ? [views] : views)];
  } finally {
    for (const part of opened.reverse()) part.close();
  }
}

/** What a store answers instead of something damaged is what the operator must hear. */
async function orFinding<Value>(check: string, toDo: string, work: () => Promise<Value>): Promise<Value | Finding> {
  try {
    return await work();
  } catch (error) {
    return { check, verdict: 'fail', saw: (error as Error).message, toDo };
  }
}

interface Standing {
  readonly log: StandingLog;
  readonly views: StandingViews | undefined;
  /** Whether the log still holds what the views were made of. */
  readonly isComparable: boolean;
}

/** The views, and then the log, which cannot be behind them: whatever their server does, both stand still from here on. */
async function standingOf(data: string, held: <Part extends { close(): void }>(part: Part) => Part): Promise<Standing> {
  const clock = new SystemClock();
  for (let take = 1; ; take += 1) {
    const views = StandingViews.open(data);
    const log = openStandingLog(data);
    const positions = allCollections.flatMap((shape) => views?.positionOf(shape) ?? []);
    const isComparable = !log.hasRemovalAfter(Math.min(...positions));
    if (isComparable || take === TAKES_MAX) return { log: held(log), views: views && held(views), isComparable };
    log.close();
    views?.close();
    await clock.wait(TAKE_AGAIN_MS);
  }
}

async function ringsOf({ keys, fates }: KeyStoreReading, report: Report): Promise<Finding> {
  report('key rings');
  let count = 0;
  for await (const subjects of fates.living()) {
    await keys.name(subjects.map((subject) => ({ subject, purpose: 'handle', context: subject })));
    count += subjects.length;
  }
  return { check: 'key rings', verdict: 'ok', saw: `${count} open` };
}

async function sealsOf({ keys, fates }: KeyStoreReading, { store }: StandingLog, report: Report): Promise<Finding> {
  const check = new SealCheck(keys, fates);
  const head = await store.headPosition();
  const tell = inSteps('sealed values', head, report);
  for (let reached = 0; reached < head; ) {
    const events = await store.readAll(reached, PAGE_EVENTS);
    await check.look(events);
    reached = events.at(-1)?.position ?? head;
    tell(reached);
  }
  const { opened, erased, faults, first, unproved } = await check.report();
  const open = `${opened} open, ${erased} are of erased subjects${unproved === 0 ? '' : `, ${unproved} of these unproved`}`;
  const more = faults > first.length ? `; and ${faults - first.length} more` : '';
  const saw = faults === 0 ? open : `${open}, ${faults} are not as they should be: ${first.map(faultText).join('; ')}${more}`;
  return { check: 'sealed values', ...verdict(faults === 0), saw, toDo: TO_DO_ABOUT_SEALS };
}

const TO_DO_ABOUT_SEALS = `Altered, moved or not sealed: ${RESTORE} A key that is lost or damaged: ${KEYS_AGAIN}`;

const faultText = ({ stream, revision, type, field, fault }: SealFault): string =>
  `${field} of ${type} in ${stream}, revision ${revision}: ${fault}`;

async function viewsOf(
  store: KeyStoreReading,
  { log, views, isComparable }: Standing,
  report: Report,
): Promise<readonly Finding[]> {
  const head = await log.store.headPosition();
  const standing = allProjections.flatMap<StandingView>((projection) => {
    const position = views?.positionOf(projection.collection);
    return position === undefined ? [] : [{ projection, position }];
  });
  const missing = allProjections.filter((projection) => !standing.some((view) => view.projection === projection));
  const findings = missing.map(
    ({ collection: { name } }): Finding => ({
      ...{ check: `view ${name}`, verdict: 'warn', saw: 'not there, or of another version' },
      toDo: 'Nothing: it is built from the log at the next start.',
    }),
  );
  if (views === undefined || standing.length === 0) return findings;
  const behind = head - Math.min(...standing.map(({ position }) => position));
  if (!isComparable) {
    const saw = `not compared: they are ${behind} events behind the log, and streams were removed meanwhile`;
    return [
      ...findings,
      { check: 'views', verdict: 'warn', saw, toDo: 'Start the server, let it be ready, and run this again.' },
    ];
  }
  return [...findings, ...(await comparedViews(store, log, { views, standing, head }, report))];
}

interface Compared {
  readonly views: StandingViews;
  readonly standing: readonly StandingView[];
  readonly head: number;
}

async function comparedViews(
  { keys }: KeyStoreReading,
  { store: eventStore }: StandingLog,
  { views, standing, head }: Compared,
  report: Report,
): Promise<readonly Finding[]> {
  const log = { eventStore, keys, codec: new EventCodec({ seal: () => Promise.reject(new Error('Nothing is sealed here.')) }) };
  const folded = new FoldedViews(allCollections);
  const tell = inSteps('log, for the views', head, report);
  try {
    await foldUpTo(standing, {
      read: async function* (after, upTo) {
        for await (const batch of stretchOf(log, { after, upTo, isWanted: () => true })) {
          yield batch;
          tell(batch.upTo);
        }
      },
      ...{ writer: folded.writer, enrich: enricher(joinSources(log)), time: new SystemClock() },
    });
    const findings: Finding[] = [];
    for (const { projection, position } of standing) {
      report(`view ${projection.collection.name}`);
      const lag = position === head ? '' : `, ${head - position} events behind`;
      const judged = await judgedView(projection, { views, folded, keys });
      findings.push({ ...judged, saw: `${judged.saw}, at position ${position}${lag}` });
    }
    return findings;
  } finally {
    folded.close();
  }
}

interface BothViews extends Pick<KeyStoreReading, 'keys'> {
  readonly views: StandingViews;
  readonly folded: FoldedViews;
}

async function judgedView({ name, collection }: Projection, { views, folded, keys }: BothViews): Promise<Finding> {
  const check = `view ${collection.name}`;
  try {
    const { liveDocuments, differences, first } = await compareViews(collection, views.against(collection, folded), (sealed) =>
      keys.open(sealed),
    );
    if (differences === 0) return { check, verdict: 'ok', saw: `${liveDocuments} rows, as the log has them` };
    const told = first.slice(0, DIFFERENCES_TOLD).map(differenceText).join('; ');
    const toDo = `With the server running: npm run sottovoce -- projections rebuild ${name} --accept-differences. Nothing is lost.`;
    return { check, verdict: 'fail', saw: `${differences} rows are not as the log has them: ${told}`, toDo };
  } catch (error) {
    return { check, verdict: 'fail', saw: `cannot be read: ${(error as Error).message}`, toDo: BUILD_ANEW };
  }
}

const KINDS = { 'only-live': 'is too many', 'only-rebuilt': 'is missing', different: 'differs' } as const;

const differenceText = ({ id, kind, fields }: Difference): string =>
  `${id} ${KINDS[kind]}${fields.length === 0 ? '' : ` (${fields.join(', ')})`}`;

/** Tells of long work now and then. */
function inSteps(what: string, of: number, report: Report): (done: number) => void {
  let told = -1;
  return (done) => {
    const step = Math.floor((done * STEPS_TOLD) / of);
    if (step === told) return;
    told = step;
    report(`${what}, ${done} of ${of}`);
  };
}
