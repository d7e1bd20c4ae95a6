/** Brings the views of a store up to where its log is, and keeps them there, as a server does. */
import type { Foundation } from '../../src/compose.js';
import { joinSources, stretchOf } from '../../src/log-for-views.js';
import { enricher } from '../../src/projections/kernel/pairing.js';
import { ProjectionRunner } from '../../src/projections/kernel/runner.js';
import { allProjections } from '../../src/projections/projections.js';

const BATCH_EVENTS_MAX = 500;

const runnerOf = ({ deps, projectionWriter: writer }: Foundation): ProjectionRunner =>
  new ProjectionRunner({ projections: allProjections, writer, enrich: enricher(joinSources(deps)), time: deps.clock });

/** Applies to the views what the log holds beyond their checkpoints. */
export async function catchUp(foundation: Foundation): Promise<void> {
  const { deps } = foundation;
  const runner = runnerOf(foundation);
  const [after, upTo] = [await runner.resumeFrom(), await deps.eventStore.headPosition()];
  await runner.run(stretchOf(deps, { after, upTo, isWanted: () => true }));
}

/** Keeps the views up to date until the signal is aborted. */
export async function followViews(foundation: Foundation, signal: AbortSignal): Promise<void> {
  const { deps } = foundation;
  const runner = runnerOf(foundation);
  const from = { after: await runner.resumeFrom() };
  const feed = deps.eventFeed.follow('projector', { from, batchMax: BATCH_EVENTS_MAX, signal });
  await runner.run(
    (async function* () {
      for await (const { events, upTo } of feed) yield { events: events.map((event) => deps.codec.decodeFeed(event)), upTo };
    })(),
  );
}
