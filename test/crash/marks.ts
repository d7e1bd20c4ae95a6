/**
 * TABLE marks: the steps at which the crash loop kills the server, beside instants that chance alone chooses.
 * A mark is a file, a statement or call on it, and whether it is before, during or after; which occurrence is chance.
 */
import type { Dice } from './dice.js';

export interface Mark {
  readonly file: string;
  readonly step: string;
  readonly when: 'before' | 'during' | 'after';
  /** The last occurrence that may be chosen. */
  readonly countMax: number;
  /** How long after the beginning the blow may fall, for one that falls during the step. */
  readonly delayMicrosMax?: number;
  /** Pages of the write-ahead log before a checkpoint; small where the checkpoint is what is struck. */
  readonly walPages?: number;
}

const EVENTS = '/events\\.sqlite$';
const KEYS = '/keys\\.sqlite$';
const READ = '/read\\.sqlite$';
const ACCOUNTS = '/accounts\\.sqlite$';
const ANY = '';

export const marks: Readonly<Record<string, Mark>> = {
  'rows written, not committed': { file: EVENTS, step: '^INSERT INTO events', when: 'after', countMax: 60 },
  'before a commit': { file: EVENTS, step: '^COMMIT', when: 'before', countMax: 60 },
  'inside a commit': { file: EVENTS, step: '^COMMIT', when: 'during', countMax: 60, delayMicrosMax: 1_500 },
  'committed, nobody told': { file: EVENTS, step: '^COMMIT', when: 'after', countMax: 60 },
  'inside a checkpoint': { file: EVENTS, step: '^COMMIT', when: 'during', countMax: 60, delayMicrosMax: 4_000, walPages: 2 },
  'an index page written': { file: EVENTS, step: '^INSERT INTO index_pages', when: 'after', countMax: 6 },
  'a segment listed': { file: EVENTS, step: '^INSERT INTO index_segments', when: 'after', countMax: 3 },
  'a segment dropped': { file: EVENTS, step: '^DELETE FROM index_pages', when: 'after', countMax: 2 },
  'a consumer moved on': { file: EVENTS, step: '^INSERT INTO checkpoints', when: 'after', countMax: 40 },
  'a view half written': { file: READ, step: '^INSERT INTO "', when: 'after', countMax: 150 },
  'views before their commit': { file: READ, step: '^COMMIT', when: 'before', countMax: 30 },
  'views inside their commit': { file: READ, step: '^COMMIT', when: 'during', countMax: 30, delayMicrosMax: 1_000, walPages: 4 },
  'views committed': { file: READ, step: '^COMMIT', when: 'after', countMax: 30 },
  'a key ring registered': { file: KEYS, step: '^INSERT INTO rings', when: 'after', countMax: 2 },
  'locators kept': { file: KEYS, step: '^INSERT INTO locators', when: 'after', countMax: 10 },
  'keys inside a commit': { file: KEYS, step: '^COMMIT', when: 'during', countMax: 10, delayMicrosMax: 1_500, walPages: 1 },
  'a key file made': { file: '\\.kek', step: '^fs\\.link', when: 'after', countMax: 2 },
  'a destruction noted': { file: KEYS, step: '^INSERT INTO unfinished_destructions', when: 'after', countMax: 2 },
  'before a key file goes': { file: '\\.kek .*destroyed$', step: '^fs\\.rename', when: 'before', countMax: 2 },
  'a key file gone': { file: '\\.kek .*destroyed$', step: '^fs\\.rename', when: 'after', countMax: 2 },
  'inside the scrubbing of keys': { file: KEYS, step: '^VACUUM', when: 'during', countMax: 2, delayMicrosMax: 3_000 },
  'keys scrubbed, log not emptied': { file: KEYS, step: '^wal_checkpoint', when: 'before', countMax: 2 },
  'before a destruction is finished': { file: KEYS, step: '^DELETE FROM unfinished', when: 'before', countMax: 2 },
  'an identifier reserved': { file: ACCOUNTS, step: '^INSERT INTO directory_entries', when: 'after', countMax: 2 },
  'a refresh family started': { file: ACCOUNTS, step: '^INSERT OR REPLACE INTO refresh_families', when: 'after', countMax: 2 },
  'credentials inside a commit': { file: ACCOUNTS, step: '^COMMIT', when: 'during', countMax: 12, delayMicrosMax: 1_500 },
  'during a start': { file: ANY, step: '', when: 'after', countMax: 130 },
  'inside a step of a start': { file: ANY, step: '', when: 'during', countMax: 130, delayMicrosMax: 800 },
};

export interface ChosenMark extends Mark {
  readonly name: string;
  readonly count: number;
  readonly delayMicros: number;
}

export function chosenMark(name: string, dice: Dice): ChosenMark {
  const mark = marks[name]!;
  return { ...mark, name, count: dice.between(1, mark.countMax), delayMicros: dice.below(mark.delayMicrosMax ?? 1) };
}
