/** The views of a store against the fold of its log: whatever order of crashes built them, the documents are the same. */
import Database from 'better-sqlite3';
import { SqliteProjectionWriter } from '../../src/adapters/sqlite/sqlite-projection-writer.js';
import { aggregates } from '../../src/application/aggregates.js';
import type { Foundation } from '../../src/compose.js';
import type { AccountId, Handle } from '../../src/domain/kernel/ids.js';
import { isErased } from '../../src/domain/kernel/personal.js';
import { type EnrichSources, enricher } from '../../src/projections/kernel/pairing.js';
import { ProjectionRunner } from '../../src/projections/kernel/runner.js';
import type { ProjectionWriter } from '../../src/projections/kernel/views.js';
import { allCollections, allProjections } from '../../src/projections/projections.js';

const EVENTS_MAX = 1_000_000;
const COMPOSES_MAX = 1_000;
const PROBLEMS_MAX = 5;
const BATCH_EVENTS_MAX = 500;

type Connection = Database.Database;
/** The rows of each collection, each by its key. */
export type ViewRows = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Applies to the views what the log holds beyond their checkpoints. */
export async function catchUp({ deps }: Foundation, writer: ProjectionWriter): Promise<void> {
  const enrich = enricher(sources(deps));
  const runner = new ProjectionRunner({ projections: allProjections, writer, enrich, time: deps.clock });
  const stored = await deps.eventStore.readAll(await runner.resumeFrom(), EVENTS_MAX);
  const upTo = await deps.eventStore.headPosition();
  await runner.run(
    (async function* () {
      yield { events: stored.map((event) => deps.codec.decodeFeed(event)), upTo };
    })(),
  );
}

/** Keeps the views up to date until the signal is aborted, as a server does. */
export async function followViews({ deps, projectionWriter: writer }: Foundation, signal: AbortSignal): Promise<void> {
  const runner = new ProjectionRunner({ projections: allProjections, writer, enrich: enricher(sources(deps)), time: deps.clock });
  const from = { after: await runner.resumeFrom() };
  const feed = deps.eventFeed.follow('projector', { from, batchMax: BATCH_EVENTS_MAX, signal });
  await runner.run(
    (async function* () {
      for await (const { events, upTo } of feed) yield { events: events.map((event) => deps.codec.decodeFeed(event)), upTo };
    })(),
  );
}

export async function rebuiltViews(foundation: Foundation): Promise<ViewRows> {
  const connection = new Database(':memory:');
  try {
    await catchUp(foundation, new SqliteProjectionWriter(connection, allCollections));
    return viewsIn(connection);
  } finally {
    connection.close();
  }
}

export function viewsIn(connection: Connection): ViewRows {
  return new Map(
    allCollections.map(({ name, key }) => {
      const rows = connection.prepare<[], Record<string, unknown>>(`SELECT * FROM "${name}"`).all();
      return [name, new Map(rows.map((row) => [key.map((field) => row[field]).join(' '), JSON.stringify(row)]))];
    }),
  );
}

export function viewsProblems(found: ViewRows, rebuilt: ViewRows): readonly string[] {
  const problems: string[] = [];
  for (const [name, wanted] of rebuilt) {
    const rows = found.get(name) ?? new Map<string, string>();
    for (const key of new Set([...wanted.keys(), ...rows.keys()])) {
      if (rows.get(key) === wanted.get(key)) continue;
      problems.push(`View ${name}, ${key}: stored ${rows.get(key)}, folded from the log ${wanted.get(key)}`);
    }
  }
  return problems.slice(0, PROBLEMS_MAX);
}

function sources({ keys, eventStore, codec }: Foundation['deps']): EnrichSources {
  return {
    open: (sealed) => keys.open(sealed),
    handles: async (accounts: readonly AccountId[]) => {
      const names = await keys.name(accounts.map((subject) => ({ subject, purpose: 'handle', context: subject })));
      return names.map((name) => (isErased(name) ? undefined : (name as Handle)));
    },
    bodies: (wanted) =>
      Promise.all(
        wanted.map(async ({ messageId, composeId }) => {
          const slice = await eventStore.readStream(aggregates.message.stream(messageId), 0, COMPOSES_MAX);
          const events = slice.status === 'found' ? slice.events.map((stored) => codec.decode(stored)) : [];
          const found = events.find((event) => event.type === 'MessageComposed' && event.data.composeId === composeId);
          return found?.type === 'MessageComposed' ? found.data : 'absent';
        }),
      ),
  };
}
