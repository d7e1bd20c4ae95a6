/**
 * Root keys that live as long as the process. What outlives one instance is kept apart, so that a restart can be played.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { RootKeys } from '../../application/ports/root-keys.js';
import { derivedKey, joined, KEY_BYTES, unwrapBytes, wrapBytes } from '../crypto/wrapped-bytes.js';

const randomKey = (): KeyObject => createSecretKey(randomBytes(KEY_BYTES));

export class InMemoryKeyFolder {
  readonly rootKey = randomKey();
  readonly named = new Map<string, KeyObject | 'destroyed'>();
}

export class InMemoryRootKeys implements RootKeys {
  constructor(private readonly folder = new InMemoryKeyFolder()) {}

  async create(name: string): Promise<'created' | 'exists' | 'destroyed'> {
    const present = this.folder.named.get(name);
    if (present !== undefined) return present === 'destroyed' ? 'destroyed' : 'exists';
    this.folder.named.set(name, randomKey());
    return 'created';
  }

  async wrap(name: string, context: string, plain: Uint8Array): Promise<Uint8Array | 'absent'> {
    const key = this.living(name);
    return key === undefined ? 'absent' : wrapBytes(key, joined(name, context), plain);
  }

  async unwrap(name: string, context: string, wrapped: Uint8Array): Promise<Uint8Array | 'absent'> {
    const key = this.living(name);
    return key === undefined ? 'absent' : unwrapBytes(key, joined(name, context), wrapped);
  }

  async destroy(name: string): Promise<void> {
    this.folder.named.set(name, 'destroyed');
  }

  async mac(purpose: string, data: string): Promise<Uint8Array> {
    return createHmac('sha256', derivedKey(this.folder.rootKey, joined('mac', purpose)))
      .update(data)
      .digest();
  }

  private living(name: string): KeyObject | undefined {
    const key = this.folder.named.get(name);
    return key === 'destroyed' ? undefined : key;
  }
}
