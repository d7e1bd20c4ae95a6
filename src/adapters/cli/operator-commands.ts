/**
 * TABLE of what `npm run sottovoce -- …` can do: the words that call it, what it is good for, and what runs. A command
 * either asks the running server by the control channel of its data folder, or reads the folders beside it.
 */
import { projectionsRebuild } from './operator-rebuild.js';
import { status } from './operator-status.js';
import { operatorTools } from './operator-tools.js';

/** What a command has to work with. */
export interface OperatorHands {
  readonly dataFolder: string;
  /** One line on the way out. */
  readonly print: (line: string) => void;
  /** What is under way, rewritten in place on a terminal. */
  readonly progress: (line: string) => void;
  /** Aborted when the operator interrupts. */
  readonly signal: AbortSignal;
}

export interface OperatorCommand {
  /** Its arguments, as a usage line shows them. */
  readonly takes: string;
  readonly about: string;
  /** Answers with what the process ends: 0 when all is well. */
  readonly run: (args: readonly string[], hands: OperatorHands) => Promise<number>;
}

export const operatorCommands: Readonly<Record<string, OperatorCommand>> = {
  status,
  'projections rebuild': projectionsRebuild,
  ...operatorTools,
};
