/**
 * The keys that wrap keys, of one deployment alone: those of another open nothing here and give other codes.
 * What was wrapped before a restart opens after it. Kept apart from the data and the key store (ADR 0012).
 */
export interface RootKeys {
  /**
   * Creates a key-encryption key under a name that was never used before; it is durable when this answers.
   * Creating it a second time changes nothing. A destroyed name is never created again: `destroyed`.
   * Of N that create one name at once exactly one is answered `created`.
   */
  create(name: string): Promise<'created' | 'exists' | 'destroyed'>;

  /**
   * Wraps bytes under a named key and binds them to the name and the context. The same bytes never wrap to the same twice.
   * Nothing is wrapped without a key: `absent`.
   */
  wrap(name: string, context: string, plain: Uint8Array): Promise<Uint8Array | 'absent'>;

  /**
   * Opens what `wrap` gave for the same name and context. `absent` when the key was destroyed or never was.
   * Throws when the bytes were altered or belong to another name or context.
   */
  unwrap(name: string, context: string, wrapped: Uint8Array): Promise<Uint8Array | 'absent'>;

  /**
   * Destroys a named key for ever: nothing that it wrapped opens again. A second time changes nothing.
   * A name that never was is destroyed, too: it is not created afterwards.
   */
  destroy(name: string): Promise<void>;

  /** HMAC-SHA-256 of data under a key for that purpose alone, the same after every restart; 32 bytes. */
  mac(purpose: string, data: string): Promise<Uint8Array>;
}
