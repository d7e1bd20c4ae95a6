/**
 * Whether a server's folders hold what they should, found out from a process beside it, or without one, that writes nothing:
 * every page, row and stream; every sealed value, opened; every view against the fold of the log. What it opens it forgets.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { damagedRowsIn, holesIn, integrityOf, logStats, positionsIn } from './adapters/sqlite/log-inspection.js';
import { eventCatalogue } from './application/event-catalogue.js';
import { STREAM_REMOVED } from './application/ports/event-store.js';
import { BUILD_ANEW, contentsOf, RESTORE, type Report } from './contents.js';
import { FILES, type Finding, type Folders, verdict } from './inspection.js';

const HOLES_MAX = 10;

/** The files by themselves first; what is in them only where those are whole. `report` is told before each step. */
export async function verify(folders: Folders, report: Report = () => undefined): Promise<readonly Finding[]> {
  const findings = [...filesOf(folders, report), ...streamsOf(folders, report)];
  if (findings.some(({ check, verdict: found }) => found === 'fail' && !check.includes('read.sqlite'))) {
    const saw = 'not looked at: what is inside can be judged when the files are whole';
    return [...findings, { check: 'contents', verdict: 'warn', saw, toDo: 'Mend what stands above, and run this again.' }];
  }
  return [...findings, ...(await contentsOf(folders, report))];
}

function filesOf({ data }: Folders, report: Report): readonly Finding[] {
  return FILES.filter((file) => existsSync(join(data, file))).flatMap((file) => {
    const toDo = file === 'read.sqlite' ? BUILD_ANEW : RESTORE;
    report(`pages of ${file}`);
    const pages = integrityOf(data, file);
    const found = [{ check: `pages of ${file}`, ...verdict(pages === 'ok'), saw: pages, toDo }];
    if (pages !== 'ok') return found;
    report(`rows of ${file}`);
    const rows = damagedRowsIn(data, file);
    const saw = rows.length === 0 ? 'all as they were written' : `damaged: ${rows.join(', ')}`;
    return [...found, { check: `rows of ${file}`, ...verdict(rows.length === 0), saw, toDo }];
  });
}

function streamsOf({ data }: Folders, report: Report): readonly Finding[] {
  report('revisions of all streams');
  const holes = holesIn(data, HOLES_MAX);
  const { last, counted } = positionsIn(data);
  report('types of all events');
  const known = new Set([...Object.keys(eventCatalogue), STREAM_REMOVED]);
  const unknown = logStats(data).byType.filter(({ type }) => !known.has(type));
  return [
    {
      check: 'revisions',
      ...verdict(holes.length === 0),
      saw: holes.length === 0 ? 'dense in every stream' : `holes in ${holes.join(', ')}`,
      toDo: 'The log has lost events: restore the newest backup.',
    },
    {
      check: 'positions',
      ...verdict(last === counted),
      saw: last === counted ? `all up to ${last} accounted for` : `the log ends at ${last}, and ${counted} are accounted for`,
      toDo: 'The log has lost events: restore the newest backup.',
    },
    {
      check: 'event types',
      ...verdict(unknown.length === 0),
      saw: unknown.length === 0 ? 'all known' : `unknown: ${unknown.map(({ type }) => type).join(', ')}`,
      toDo: 'The log is of a newer version: run that one.',
    },
  ];
}
