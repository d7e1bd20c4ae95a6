/** Chance from one source, so that a test can own it: no two ids of a source are equal. */
export interface IdSource {
  /** A random UUID (version 4), lower case. */
  uuid(): string;

  /** So many decimal digits, each equally likely. */
  digits(count: number): string;

  /** A number from 0 up to, not including, 1. */
  fraction(): number;
}
