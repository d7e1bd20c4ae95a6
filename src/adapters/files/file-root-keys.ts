/**
 * Root keys as files in a folder of their own, outside the data folder: `root.key`, and one `<name>.kek` per named key,
 * wrapped by the root key. An empty `<name>.destroyed` keeps a name from ever being created again.
 * No named key is cached: whoever destroys its file destroys it for every process at once (ADR 0012).
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { access, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { StartRefused, Unavailable } from '../../application/ports/failures.js';
import type { RootKeys } from '../../application/ports/root-keys.js';
import { derivedKey, joined, KEY_BYTES, unwrapBytes, wrapBytes } from '../crypto/wrapped-bytes.js';
import { createFile, emptyFile, hasCode, syncFolder } from './durable-file.js';
import { type KeyFolder, readRootKey } from './root-key-file.js';

const KEK = '.kek';
const DESTROYED = '.destroyed';
const NAME = /^[a-z0-9][a-z0-9-]{0,199}$/;

export class FileRootKeys implements RootKeys {
  private readonly wrapping: KeyObject;
  private readonly macKeys = new Map<string, KeyObject>();
  /** Reads under way, so that a thousand rings of one bucket cost one read. */
  private readonly reading = new Map<string, Promise<KeyObject | 'absent'>>();

  private constructor(
    private readonly folder: string,
    private readonly rootKey: KeyObject,
  ) {
    this.wrapping = derivedKey(rootKey, 'wrap');
  }

  /** Throws `StartRefused` when the folder lacks the root key or holds another one than its keys were wrapped with. */
  static async open(options: KeyFolder): Promise<FileRootKeys> {
    const keys = new FileRootKeys(options.folder, await readRootKey(options));
    for (const file of await readdir(options.folder)) {
      if (file.endsWith(KEK)) await keys.assertOpens(file);
      // A destruction may have been cut short before it overwrote the key.
      if (file.endsWith(DESTROYED)) await emptyFile(join(options.folder, file));
    }
    return keys;
  }

  /** For whoever only looks: opens what is there, finishes no destruction, and creates nothing. */
  static async openToRead(folder: string): Promise<FileRootKeys> {
    return new FileRootKeys(folder, await readRootKey({ folder, mayCreate: false }));
  }

  async create(name: string): Promise<'created' | 'exists' | 'destroyed'> {
    return this.attempt('Creating a key', name, async () => {
      if (await this.isDestroyed(name)) return 'destroyed';
      const wrapped = wrapBytes(this.wrapping, name, randomBytes(KEY_BYTES));
      const outcome = await createFile(this.folder, name + KEK, `${wrapped.toString('base64url')}\n`);
      if (!(await this.isDestroyed(name))) return outcome;
      // Destroyed by another process between the two looks: what was just created goes the same way.
      await this.destroyNow(name);
      return 'destroyed';
    });
  }

  async wrap(name: string, context: string, plain: Uint8Array): Promise<Uint8Array | 'absent'> {
    const key = await this.namedKey(name);
    return key === 'absent' ? 'absent' : wrapBytes(key, joined(name, context), plain);
  }

  async unwrap(name: string, context: string, wrapped: Uint8Array): Promise<Uint8Array | 'absent'> {
    const key = await this.namedKey(name);
    return key === 'absent' ? 'absent' : unwrapBytes(key, joined(name, context), wrapped);
  }

  async destroy(name: string): Promise<void> {
    await this.attempt('Destroying a key', name, () => this.destroyNow(name));
    this.reading.delete(name);
  }

  async mac(purpose: string, data: string): Promise<Uint8Array> {
    let key = this.macKeys.get(purpose);
    if (key === undefined) {
      key = derivedKey(this.rootKey, joined('mac', purpose));
      this.macKeys.set(purpose, key);
    }
    return createHmac('sha256', key).update(data).digest();
  }

  /** The key's file becomes the mark of its destruction in one step: at no moment is there neither or are there both. */
  private async destroyNow(name: string): Promise<void> {
    const mark = join(this.folder, name + DESTROYED);
    try {
      await rename(join(this.folder, name + KEK), mark);
      await syncFolder(this.folder);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
      await createFile(this.folder, name + DESTROYED, '');
    }
    await emptyFile(mark);
  }

  private async isDestroyed(name: string): Promise<boolean> {
    try {
      await access(join(this.folder, name + DESTROYED));
      return true;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    }
  }

  private namedKey(name: string): Promise<KeyObject | 'absent'> {
    const underWay = this.reading.get(name);
    if (underWay !== undefined) return underWay;
    const read = this.attempt('Reading a key', name, () => this.readNamed(name + KEK)).finally(() => {
      if (this.reading.get(name) === read) this.reading.delete(name);
    });
    this.reading.set(name, read);
    return read;
  }

  private async readNamed(file: string): Promise<KeyObject | 'absent'> {
    try {
      const wrapped = Buffer.from(await readFile(join(this.folder, file), 'utf8'), 'base64url');
      const plain = unwrapBytes(this.wrapping, file.slice(0, -KEK.length), wrapped);
      const key = createSecretKey(plain);
      plain.fill(0);
      return key;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return 'absent';
      throw error;
    }
  }

  private async assertOpens(file: string): Promise<void> {
    try {
      await this.readNamed(file);
    } catch (cause) {
      const path = join(this.folder, file);
      throw new StartRefused(`The root key does not open ${path}: put back the root key and the key files of one folder.`, {
        cause,
      });
    }
  }

  private async attempt<Value>(what: string, name: string, act: () => Promise<Value>): Promise<Value> {
    if (!NAME.test(name)) throw new Error('A name of a key is made of small letters, digits and hyphens.');
    try {
      return await act();
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
      throw new Unavailable(`${what} failed in the key folder: ${name}.`, { cause });
    }
  }
}
