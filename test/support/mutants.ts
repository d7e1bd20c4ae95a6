/**
 * The code with one rule switched off: a copy of application and domain in a temporary folder, altered by the text of
 * the rule. A text that does not stand there exactly once fails the test, so that rules which move take theirs with them.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SendModules } from './send-modules.js';

export interface Patch {
  /** Under `src`. */
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

export interface Copy {
  readonly modules: SendModules;
  close(): void;
}

const SRC = join(dirname(fileURLToPath(import.meta.url)), '../../src');

const MODULES = [
  'application/conversation-states',
  'application/conversation/add-member',
  'application/conversation/create-group',
  'application/conversation/remove-member',
  'application/event-codec',
  'application/message/collect-draft',
  'application/message/purge-removed-messages',
  'application/message/remove-message',
  'application/message/send-message',
  'application/ports/failures',
];

export async function copyWith(patches: readonly Patch[]): Promise<Copy> {
  const folder = mkdtempSync(join(tmpdir(), 'sottovoce-mutant-'));
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    for (const layer of ['application', 'domain']) cpSync(join(SRC, layer), join(folder, layer), { recursive: true });
    for (const patch of patches) apply(folder, patch);
    const loaded = await Promise.all(MODULES.map((module) => import(join(folder, `${module}.ts`))));
    return { modules: Object.assign({}, ...loaded) as SendModules, close };
  } catch (error) {
    close();
    throw error;
  }
}

function apply(folder: string, { file, find, put }: Patch): void {
  const path = join(folder, file);
  const parts = readFileSync(path, 'utf8').split(find);
  if (parts.length !== 2) throw new Error(`${file} holds this text ${parts.length - 1} times, not once: ${find}`);
  writeFileSync(path, parts.join(put));
}
