/**
 * Every limit that is a rule of the product, with its unit in its name and its reason beside it.
 * What an operator may turn stands in the configuration instead.
 */
export const limits = {
  /** One conversation is one stream and one fan-out: above this, a broadcast channel is the right shape. */
  membersMax: 1_024,
  /** Content as UTF-8 bytes of its JSON serialisation: fits a frame with room for relations and hints. */
  contentBytesMax: 40 * 1_024,
  /** A whole frame or request body. */
  frameBytesMax: 64 * 1_024,
  /** Nesting of any JSON that comes in. */
  jsonDepthMax: 16,
  /** Keys of one JSON object that comes in. */
  jsonKeysMax: 256,
  titleCharactersMax: 128,
  displayNameCharactersMax: 64,
  deviceNameCharactersMax: 64,
  mentionsMax: 100,
  mediaIdsMax: 30,
  pageDefault: 50,
  pageMax: 200,
  /** A sender waits no longer than this for a contended conversation. */
  sendDeadlineMs: 2_000,
  /** Of a key that a client chooses for a request. */
  idempotencyKeyCharactersMax: 255,
  idempotencyKeyLifeDays: 30,
  /** Longer than any request takes: whoever has not answered by then has died, and the request may run again. */
  idempotencyLeaseMs: 60_000,
  /** A read waits no longer than this for the position that it must not be behind. */
  minPositionWaitMs: 2_000,
  /** Nor longer than this for what was acknowledged before it, when it names no position. */
  headWaitMs: 100,
  /** Of one page of sync, or one fact when that is larger: for a phone on a slow line, and for the memory of the server. */
  syncPageBytesMax: 1_024 * 1_024,
  /** A device that asks for what it missed is kept waiting no longer: proxies on the way give up after a minute. */
  syncWaitMsMax: 30_000,
  /** No append of an attempt is issued later than this after the attempt began. */
  attemptLifeMs: 60 * 60 * 1_000,
  /** Longer than any outbox keeps a message, so that a late retry meets its own draft. */
  draftLifeDays: 31,
  /** The events of one append, as bytes of their records. */
  batchBytesMax: 1_024 * 1_024,
  batchSendsMax: 256,
  codeDigits: 6,
  codeLifeMs: 10 * 60 * 1_000,
  codeTriesMax: 5,
  /** How long the outcome of a spent code is kept for a device whose answer was lost. */
  codeOutcomeLifeMs: 60 * 1_000,
  accessTokenLifeMs: 15 * 60 * 1_000,
  refreshTokenLifeDays: 90,
  /** A refresh whose answer was lost may be repeated by the same device for this long. */
  refreshRepeatMs: 30 * 1_000,
  socketTicketLifeMs: 30 * 1_000,
  /** A cached key is used only while the last strong read of the destruction sequence is younger than this. */
  keyCacheLifeMs: 60 * 1_000,
} as const;
