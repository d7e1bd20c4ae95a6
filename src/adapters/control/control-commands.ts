/**
 * TABLE control commands: what an operator may ask of a running server, over a socket file in its data folder. Whoever may
 * open that folder may ask; nothing of it is reachable from a network. The list is closed, each request and answer has its
 * type, and an answer holds counts, positions, ids and names, never content (ADR 0027).
 */
import { join, relative } from 'node:path';
import { z } from 'zod';
import type { RebuildReport } from '../../projections/kernel/rebuild-report.js';

const name = z.string().min(1).max(64);

export const controlCommands = {
  'server-status': z.strictObject({}),
  'projections-rebuild': z.strictObject({ name, acceptDifferences: z.boolean() }),
} as const;

export interface ServerStatus {
  readonly version: string;
  readonly isReady: boolean;
  readonly store: 'up' | 'down';
  readonly views: 'up-to-date' | 'catching-up' | 'stopped';
  readonly isStopping: boolean;
}

/** What each command answers in the end. */
export interface ControlAnswers {
  'server-status': ServerStatus;
  'projections-rebuild': RebuildReport;
}

/** What a command that takes long says meanwhile: how far a phase of it is, and where that ends. */
export interface ControlProgress {
  readonly phase: string;
  readonly done: number;
  readonly of: number;
}

export type ControlName = keyof typeof controlCommands;
export type ControlInput<Name extends ControlName> = z.infer<(typeof controlCommands)[Name]>;

/** Every refusal, with what it means for whoever asked. */
export const controlRefusals = {
  'invalid-request': 'The request is none that this version knows.',
  'too-large': 'The request is larger than a request can be.',
  'too-many': 'Too many commands are under way: wait for one of them.',
  busy: 'The same is being done already: wait for it.',
  'unknown-name': 'There is nothing of that name.',
  'not-ready': 'The server is starting or stopping.',
  failed: 'The server failed to do it; its log says why.',
} as const;

export type ControlRefusal = keyof typeof controlRefusals;

/** Refused, for a reason of the table; the detail holds names and numbers only. */
export class ControlRefused extends Error {
  override readonly name = 'ControlRefused';

  constructor(
    readonly code: ControlRefusal,
    detail?: string,
  ) {
    super(detail ?? controlRefusals[code]);
  }
}

/** One request is one line, and so is each thing that is answered to it. */
export type ControlLine =
  | { readonly kind: 'progress'; readonly progress: ControlProgress }
  | { readonly kind: 'done'; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly code: ControlRefusal; readonly detail: string };

export const controlLimits = {
  requestBytesMax: 4 * 1_024,
  answerBytesMax: 1_024 * 1_024,
  connectionsMax: 16,
  /** From opening the socket to the end of the request's line. */
  requestWithinMs: 5_000,
  /** What every system takes as the name of a socket file, with the byte that ends it. */
  pathBytesMax: 103,
} as const;

export const CONTROL_FILE = 'control.sock';

/** The shorter way to the socket of a data folder, from where the process stands; `undefined` when both are too long. */
export function controlPath(dataFolder: string, from = '.'): string | undefined {
  const path = join(dataFolder, CONTROL_FILE);
  return [path, relative(from, path)].find((one) => Buffer.byteLength(one) <= controlLimits.pathBytesMax);
}
