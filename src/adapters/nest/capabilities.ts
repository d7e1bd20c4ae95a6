/** What this server can do, by names that clients ask for: kebab-case, never reused. */
export const capabilities: readonly string[] = [
  'direct',
  'groups',
  'text',
  'encrypted-content',
  'receipts',
  'sync',
  'message-removal',
  'idempotency-keys',
  'versions',
  'positions',
  'long-poll',
];
