/**
 * TABLE of the operator's commands that need no running server: they read the folders beside it, or without one. What is
 * sealed stays sealed: a stream is shown as metadata and lengths. Each prints a table, or JSON with `--json`.
 */
import { type Archives, backUp, restore } from '../../backup.js';
import { consumersOf, doctor, type Finding, foldersOf, logStats, streamOf, viewsOf } from '../../inspection.js';
import { verify } from '../../verification.js';
import { Friendly } from './terminal.js';

/** What a command has to work with. */
export interface ToolHands {
  readonly dataFolder: string;
  readonly print: (line: string) => void;
  readonly progress: (line: string) => void;
}

export interface Tool {
  /** Its arguments, as a usage line shows them. */
  readonly takes: string;
  readonly about: string;
  /** Answers with what the process ends: 0 when all is well. */
  readonly run: (args: readonly string[], hands: ToolHands) => Promise<number>;
}

type Row = Readonly<Record<string, string | number>>;

const STREAM_EVENTS_MAX = 1_000;
const FAILED = 1;

export const operatorTools: Readonly<Record<string, Tool>> = {
  doctor: {
    takes: '[--json]',
    about: 'what is wrong with this machine, these folders and these settings',
    run: async (args, hands) => judged(args, hands, doctor(foldersOf(hands.dataFolder))),
  },
  verify: {
    takes: '[--json]',
    about: 'reads everything: pages, rows, streams, seals, and each view against the log; writes nothing',
    run: async (args, hands) =>
      judged(args, hands, await verify(foldersOf(hands.dataFolder), (step) => hands.progress(`looking at the ${step}`))),
  },
  'store stats': {
    takes: '[--json]',
    about: 'how much the log holds, by type of event',
    run: async (args, hands) => {
      const { byType, head, events, bytes } = logStats(hands.dataFolder);
      const total = { type: 'all', events, bytes };
      return shown(args, hands, [...byType, total], { head, events, bytes, byType });
    },
  },
  'feed lag': {
    takes: '[--json]',
    about: 'how far behind the log each consumer is',
    run: async (args, hands) => {
      const { head, consumers } = consumersOf(hands.dataFolder);
      return shown(args, hands, lags(head, consumers));
    },
  },
  projections: {
    takes: '[--json]',
    about: 'how far behind the log each view is',
    run: async (args, hands) => shown(args, hands, lags(consumersOf(hands.dataFolder).head, viewsOf(hands.dataFolder))),
  },
  'stream show': {
    takes: 'STREAM [--json]',
    about: 'the events of one stream: metadata and lengths, never content',
    run: async (args, hands) => {
      const [stream] = plain(args, 1, 'Name one stream, as conversation-<id>.');
      const events = streamOf(hands.dataFolder, stream!, STREAM_EVENTS_MAX);
      if (events.length === 0) throw new Friendly(`There is no stream ${stream} here.`);
      return shown(
        args,
        hands,
        events.map((event) => ({ ...event })),
      );
    },
  },
  backup: {
    takes: 'LOG-FOLDER KEYS-FOLDER',
    about: 'copies the log and the wrapped keys into two new folders that do not lie together',
    run: async (args, hands) => {
      const made = await backUp(hands.dataFolder, archivesOf(args));
      hands.print(`The log up to position ${made.log.through}, and the keys, are in their folders. Keep them apart.`);
      return 0;
    },
  },
  restore: {
    takes: 'LOG-FOLDER KEYS-FOLDER',
    about: 'brings both back into an empty data folder; the key folder is yours to put back',
    run: async (args, hands) => {
      const { log } = await restore(archivesOf(args), hands.dataFolder);
      hands.print(
        `${hands.dataFolder} holds the log up to position ${log.through}. Put the key folder back and start the server.`,
      );
      return 0;
    },
  },
};

const lags = (head: number, all: readonly { readonly name: string; readonly position: number }[]): readonly Row[] =>
  all.map(({ name, position }) => ({ name, position, behind: Math.max(0, head - position) }));

function archivesOf(args: readonly string[]): Archives {
  const [log, keys] = plain(args, 2, 'Name two folders: one for the log, one for the keys.');
  return { log: log!, keys: keys! };
}

function plain(args: readonly string[], count: number, otherwise: string): readonly string[] {
  const words = args.filter((word) => word !== '--json');
  if (words.length !== count || words.some((word) => word.startsWith('--'))) throw new Friendly(otherwise);
  return words;
}

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

function judged(args: readonly string[], { print }: ToolHands, findings: readonly Finding[]): number {
  if (args.includes('--json')) print(JSON.stringify(findings));
  else {
    const width = Math.max(...findings.map(({ check }) => check.length));
    for (const { check, verdict, saw, toDo } of findings) {
      print(`${MARKS[verdict]}  ${check.padEnd(width)}  ${saw}`);
      if (verdict !== 'ok' && toDo !== undefined) print(`      ${' '.repeat(width)}  -> ${toDo}`);
    }
  }
  return findings.some(({ verdict }) => verdict === 'fail') ? FAILED : 0;
}

function shown(args: readonly string[], { print }: ToolHands, rows: readonly Row[], json: unknown = rows): number {
  if (args.includes('--json')) {
    print(JSON.stringify(json));
    return 0;
  }
  const columns = Object.keys(rows[0] ?? {});
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => String(row[column]).length)));
  const line = (cells: readonly (string | number)[]) =>
    cells
      .map((cell, at) => (typeof cell === 'number' ? String(cell).padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join('  ');
  print(line(columns).trimEnd());
  for (const row of rows) print(line(columns.map((column) => row[column] ?? '')).trimEnd());
  return 0;
}
