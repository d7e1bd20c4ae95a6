/** A fact as it goes out: encoded once, the same bytes for every reader. */
export interface LiveFact {
  readonly position: number;
  /** Of a creation: its newest position in hand. Who has synced less may have had no part in the conversation yet. */
  readonly asNewAs?: number;
  /** The whole WebSocket frame. */
  readonly frame: Buffer;
  /** Of facts where the latest wins and nobody waits for: what it is the latest of. A session in the background gets them later. */
  readonly latestOf?: string;
}
