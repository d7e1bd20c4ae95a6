/** A fact as it goes out: encoded once, the same bytes for every reader. */
export interface LiveFact {
  readonly position: number;
  /** Of a creation: its newest position in hand. Who has synced less may have had no part in the conversation yet. */
  readonly asNewAs?: number;
  /** The whole WebSocket frame. */
  readonly frame: Buffer;
  /** Of facts where the furthest wins and nobody waits for: whose it is, and how far. A session in the background gets them later. */
  readonly mark?: { readonly of: string; readonly seq: number };
}
