/**
 * Cursors and page tokens: what the server hands out and takes back, sealed so that nobody reads, forges or mixes them.
 * Each is bound to its purpose and to whom it was given; anything else opens to nothing.
 */

import type { KeyObject } from 'node:crypto';
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const TOKEN_CHARACTERS_MAX = 2_048;

export type TokenPurpose = 'sync-cursor' | 'page' | 'position';

export class SealedTokens {
  private readonly key: KeyObject;

  /** 32 bytes that stay the same over restarts. */
  constructor(secret: Uint8Array) {
    this.key = createSecretKey(secret);
  }

  /** `owner` is whoever may hand it back: a device for a cursor, an account and a route for a page, a log for a position. */
  seal(purpose: TokenPurpose, owner: string, value: unknown): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce);
    cipher.setAAD(Buffer.from(`${purpose} ${owner}`));
    const data = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
    return Buffer.concat([nonce, data, cipher.getAuthTag()]).toString('base64url');
  }

  open(purpose: TokenPurpose, owner: string, token: string): unknown {
    if (token.length > TOKEN_CHARACTERS_MAX) return undefined;
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length <= NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== token) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(`${purpose} ${owner}`));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const data = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
      return JSON.parse(data.toString('utf8'));
    } catch {
      return undefined;
    }
  }
}
