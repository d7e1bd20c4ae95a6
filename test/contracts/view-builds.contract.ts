/**
 * What every way of building a view anew promises. Goal: readers see the old view or the new one, each whole, whatever
 * is written, forgotten or cut off meanwhile.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fields } from '../../src/projections/kernel/collection.js';
import type { BuildOptions, ProjectionWriter, Standing, ViewBuild, ViewBuilds } from '../../src/projections/kernel/views.js';
import { applyBooks, at, bookAt, books, put, shelves, type ViewsUnderTest } from '../support/example-views.js';

export interface BuildsUnderTest extends ViewsUnderTest {
  readonly builds: ViewBuilds;
  /** The same views after the process was killed. */
  restart(): Promise<BuildsUnderTest>;
}

const OLD = { shelf: 'a', place: 1, title: 'Old', borrower: 'kim' } as const;
const NEW = { shelf: 'a', place: 1, title: 'New', borrower: 'kim' } as const;
const OTHER = { shelf: 'b', place: 2, author: 'mo', pages: 7 } as const;

async function all(standing: Standing, side: 'live' | 'rebuilt'): Promise<readonly Fields[]> {
  const found: Fields[] = [];
  for (;;) {
    const last = found.at(-1);
    const page = await standing.page(side, last && [String(last.shelf), Number(last.place)], 1);
    if (page.length === 0) return found;
    found.push(...page);
  }
}

export function viewBuildsContract(name: string, open: () => Promise<BuildsUnderTest>): void {
  describe.each<BuildOptions['pace']>(['served', 'alone'])(`ViewBuilds: ${name}, %s`, (pace) => {
    let under: BuildsUnderTest;
    const begin = (): Promise<ViewBuild> => under.builds.begin(books, { pace, documents: 10 });
    const sees = () => bookAt(under.views, 'a', 1);
    const fill = (writer: ProjectionWriter) => applyBooks(writer, 9, at(3, put(NEW)), at(4, put(OTHER)));

    beforeEach(async () => {
      under = await open();
      await applyBooks(under.writer, 5, at(1, put(OLD)));
    });
    afterEach(() => under.close());

    it('A copy begins empty, without a checkpoint, whatever an earlier build has left.', async () => {
      await fill((await begin()).writer);
      const { writer, standing } = await begin().then((build) => ({
        writer: build.writer,
        standing: build.standing.bind(build),
      }));
      expect(await writer.checkpoint(books)).toBe(0);
      const both = await standing();
      expect(await all(both, 'rebuilt')).toEqual([]);
      await both.close();
    });

    it('What is written to the copy does not show until the switch.', async () => {
      const build = await begin();
      await fill(build.writer);
      expect(await sees()).toEqual(OLD);
      expect(await bookAt(under.views, 'b', 2)).toBeUndefined();
      expect(await under.writer.checkpoint(books)).toBe(5);
    });

    it('The switch puts the copy, whole and with its checkpoint, in the place of the view, for readers and writers alike.', async () => {
      const build = await begin();
      await fill(build.writer);
      await build.switch();
      expect(await sees()).toEqual(NEW);
      expect(await under.writer.checkpoint(books)).toBe(9);
      expect(await under.views.page(books, { index: 'byAuthor', equal: { author: 'mo' }, limit: 9 })).toEqual([OTHER]);
      await applyBooks(under.writer, 12, at(10, put({ ...NEW, title: 'Newer' })), at(2, put(OLD)));
      expect((await sees())?.title).toBe('Newer');
      while ((await under.builds.sweep()) === 'more');
      under = await under.restart();
      expect((await sees())?.title).toBe('Newer');
      expect(await under.writer.checkpoint(shelves)).toBe(0);
    });

    it('What is forgotten in a view is forgotten in the copy that is being built of it.', async () => {
      const build = await begin();
      await fill(build.writer);
      await under.writer.forget(books, 'byBorrower', { borrower: 'kim' });
      await build.switch();
      expect(await sees()).toEqual({ shelf: 'a', place: 1, title: 'New' });
    });

    it('A standing shows view and copy as they were when it was asked for, whatever is written afterwards.', async () => {
      const build = await begin();
      await fill(build.writer);
      const standing = await build.standing();
      await applyBooks(under.writer, 20, at(11, put({ ...OLD, title: 'Later' })), at(12, put({ ...OLD, place: 7 })));
      await applyBooks(build.writer, 20, at(11, put({ ...OLD, title: 'Later' })));
      expect(await all(standing, 'live')).toEqual([OLD]);
      expect(await all(standing, 'rebuilt')).toEqual([NEW, OTHER]);
      await standing.close();
    });

    it('A copy that was discarded, or that a restart has cut off, leaves the view as it was.', async () => {
      const discarded = await begin();
      await fill(discarded.writer);
      await discarded.discard();
      expect(await sees()).toEqual(OLD);
      await fill((await begin()).writer);
      under = await under.restart();
      expect(await sees()).toEqual(OLD);
      expect(await under.writer.checkpoint(books)).toBe(5);
      const build = await begin();
      await fill(build.writer);
      await build.switch();
      expect(await sees()).toEqual(NEW);
    });

    it('Takes away a part of what earlier builds left behind; `more` until nothing is left.', async () => {
      for (let round = 0; round < 3; round += 1) {
        const build = await begin();
        await fill(build.writer);
        if (round === 1) await build.discard();
        else await build.switch();
      }
      for (let steps = 0; (await under.builds.sweep()) === 'more'; steps += 1) expect(steps).toBeLessThan(20);
      expect(await under.builds.sweep()).toBe('done');
      expect(await sees()).toEqual(NEW);
    });
  });
}
