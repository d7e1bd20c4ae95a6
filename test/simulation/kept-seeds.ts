/**
 * TABLE of seeds that once failed, each with what it showed. They are run again for ever. A seed stands for a whole world,
 * so it may come to tell another story when the plan's table of chances changes: what a bug needs stands in a case, too.
 * A `plain:` one stands for the world without the habits that worlds were given later.
 */
export interface KeptSeed {
  readonly seed: string;
  readonly showed: string;
}

/** Of seeds whose story was not written down. */
const OF_A_TIME = 'something that is mended, when worlds were first given habits';

export const keptSeeds: readonly KeptSeed[] = [
  {
    seed: 'plain:1',
    showed: 'a batch that ended within the creation of a conversation hid its first facts from those who were connected',
  },
  { seed: 'plain:69', showed: 'the same, with the events of other conversations between the two batches' },
  {
    seed: 'plain:1234',
    showed: 'the same, for who was catching up, and had synced the beginning when it was none of their business yet',
  },
  { seed: 'plain:1397', showed: 'what the feed handed over again went to who had joined in between, and may not see it' },
  { seed: 'plain:2127', showed: 'who joined while the fan-out was behind the views was told what was written before' },
  {
    seed: '20017',
    showed: 'the next page of a sync, asked of a process whose views were behind, vouched for what it did not have',
  },
  {
    seed: '21009',
    showed: 'who was catching up with views that stood within a creation lost its first facts, although one batch held all of it',
  },
  { seed: '21204', showed: 'a removal repeated after its answer was lost was told that there was no such message' },
  { seed: '22154', showed: 'as 21009, seen by the gap' },
  { seed: '20053', showed: OF_A_TIME },
  { seed: '20077', showed: OF_A_TIME },
  { seed: '20154', showed: OF_A_TIME },
  {
    seed: '179',
    showed: 'a fan-out behind the views told a live device again what it had synced, a mark of who had left among it',
  },
  {
    seed: '303',
    showed: 'nothing of the code: the checker asked for the answer of a key that had ended while the request was under way',
  },
  {
    seed: '23002',
    showed:
      'nothing of the code: keys were destroyed before anybody was told whose membership it was, and the checker took it for nobody’s',
  },
  { seed: '23009', showed: 'a device that was revoked while the feed stood still was served when it went on, a minute later' },
  { seed: '23131', showed: 'a session in the background kept the newer of two marks instead of the further one' },
  {
    seed: '174',
    showed: 'views moved on between two reads of a sync: who had left was told what was written after it',
  },
  {
    seed: '24839',
    showed:
      'repeated sends of one batch found their drafts one in each attempt, and composed all of them anew each time, until every deadline was over',
  },
  {
    seed: '25557',
    showed: 'nothing of the code: somebody signed in while their account was erased, and was asked what they see',
  },
];
