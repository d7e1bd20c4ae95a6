/**
 * What a device remembers between two runs: who it is, its key and tokens, how far it has got, and what it has not been
 * able to send. Secrets lie here in clear: the file is its owner's alone, and is whole or not there.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Outgoing } from './wire.js';

export interface DeviceState {
  readonly serverUrl: string;
  readonly privateKey: string;
  accountId?: string;
  deviceId?: string;
  refreshToken?: string;
  accessToken?: string;
  /** RFC 3339. */
  accessTokenExpiresAt?: string;
  cursor?: string;
  /** The last revision that was taken in of each conversation, by which holes are noticed. */
  revisions: Record<string, number>;
  outbox: Outgoing[];
}

export interface StateStore {
  load(): Promise<DeviceState | undefined>;
  /** It is on disk when this answers. */
  save(state: DeviceState): Promise<void>;
  forget(): Promise<void>;
}

export const newState = (serverUrl: string, privateKey: string): DeviceState => ({
  serverUrl,
  privateKey,
  revisions: {},
  outbox: [],
});

export class InMemoryState implements StateStore {
  private kept: string | undefined;

  load(): Promise<DeviceState | undefined> {
    return Promise.resolve(this.kept === undefined ? undefined : (JSON.parse(this.kept) as DeviceState));
  }

  save(state: DeviceState): Promise<void> {
    this.kept = JSON.stringify(state);
    return Promise.resolve();
  }

  forget(): Promise<void> {
    this.kept = undefined;
    return Promise.resolve();
  }
}

export class FileState implements StateStore {
  private readonly path: string;
  private writing: Promise<void> = Promise.resolve();

  /** One file per server and person; its name shows neither. */
  constructor(folder: string, serverUrl: string, person: string) {
    const name = createHash('sha256').update(`${serverUrl}\n${person}`).digest('hex').slice(0, 24);
    this.path = join(folder, `${name}.json`);
  }

  async load(): Promise<DeviceState | undefined> {
    const text = await readFile(this.path, 'utf8').catch(absent);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as DeviceState;
    } catch (cause) {
      throw new Error(`The file ${this.path} is damaged: delete it and sign in again.`, { cause });
    }
  }

  save(state: DeviceState): Promise<void> {
    const text = JSON.stringify(state);
    const write = () => this.write(text);
    this.writing = this.writing.then(write, write);
    return this.writing;
  }

  async forget(): Promise<void> {
    await this.writing.catch(() => undefined);
    await rm(this.path, { force: true });
  }

  private async write(text: string): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const file = await open(`${this.path}.next`, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${this.path}.next`, this.path);
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
