/**
 * TABLE stores that hold personal data: what lies there, in which files of the embedded shape, and how one person's part
 * is purged, counted, exported and moved. A file of the data folder that stands in no row fails the canary test.
 */
export interface PersonalStore {
  /** Files of the data folder, without SQLite's own companions (`-wal`, `-shm`). */
  readonly files: readonly string[];
  readonly holds: string;
  /** How the store is rid of one person. Destroying the keys comes first and makes everything sealed unreadable. */
  readonly purge: string;
  readonly count: string;
  readonly export: string;
  readonly migrate: string;
}

export const personalStores = {
  'event-store': {
    files: ['events.sqlite'],
    holds: 'Sealed content, identifiers, names, public keys and account references; member ids, which die with the naming key',
    purge: 'Destroy the keys; EventStore.remove for the streams of the person’s account, devices and messages',
    count: 'EventStore.readStream over the streams of the person’s account, devices, and of each membership by Views',
    export: 'The same streams, decoded by the codec and opened by SubjectKeys.open before the keys go',
    migrate: 'In global order, with event ids and revisions; positions get a new log id',
  },
  'subject-keys': {
    files: ['keys.sqlite'],
    holds: 'Wrapped key rings, and the locators that say in which contexts each was used',
    purge: 'SubjectKeys.destroy: ring and locators go, the bucket is wrapped anew, the old wrapping key is destroyed',
    count: 'One ring per subject; locators by subject reference',
    export: 'Never: keys leave only wrapped, by migrate',
    migrate: 'Rings are unwrapped and wrapped under the root key of the other shape, tombstones with them',
  },
  accounts: {
    files: ['accounts.sqlite'],
    holds:
      'The directory (keyed hash of a number or address to an account), codes under way, refresh families, tickets, limits, and ' +
      'what was answered under a client’s key, sealed so that only that key opens it',
    purge: 'Directory.release; Credentials.revokeDevice for each device; the rest expires within its own life',
    count: 'Rows of the directory by account; refresh families by device',
    export: 'Nothing: hashes of what the account stream holds, and secrets',
    migrate: 'Not moved: the directory is rebuilt from the accounts, everybody signs in anew',
  },
  views: {
    files: ['read.sqlite'],
    holds: 'Sealed copies of what the events hold, and the handle by which a person’s conversations are found',
    purge: 'forgetPerson by handle, the verb `forget` by stream; ProjectionWriter.clear and a rebuild take everything',
    count: 'Views.count by handle',
    export: 'Nothing of its own: the queries answer what the events hold',
    migrate: 'Not moved: rebuilt from the events',
  },
  snapshots: {
    files: ['snapshots.sqlite'],
    holds: 'States of conversations: member ids, which die with the naming key, and no personal field',
    purge: 'Snapshots.forget for the streams of the person’s conversations; the next ones are folded without the member',
    count: 'Snapshots.read for the same streams',
    export: 'Nothing of its own: a cache of what the events hold',
    migrate: 'Not moved: folded anew from the events',
  },
  'development-codes': {
    files: ['dev-codes'],
    holds: 'One-time codes by verification id, in the embedded default only; no number and no address',
    purge: 'Gone after ten minutes, at the start and at the stop',
    count: 'Files of the folder',
    export: 'Nothing',
    migrate: 'Not moved',
  },
} as const satisfies Readonly<Record<string, PersonalStore>>;

/** Files of the data folder that hold nothing of a person. */
export const impersonalFiles: readonly string[] = ['lock.sqlite', 'log-id', 'control.sock'];
