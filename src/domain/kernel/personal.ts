/**
 * A field that belongs to a person. The domain may carry it and never looks inside: a reader that has not opened it
 * sees `Sealed`, a reader who comes after the keys were destroyed sees `Erased` (ADR 0012).
 */

export interface Sealed {
  readonly sealed: string;
}

export interface Erased {
  readonly erased: true;
}

export type Personal<Value> = Value | Sealed | Erased;

export const ERASED: Erased = Object.freeze({ erased: true });

export const isSealed = (value: unknown): value is Sealed =>
  typeof value === 'object' && value !== null && typeof (value as Partial<Sealed>).sealed === 'string';

export const isErased = (value: unknown): value is Erased =>
  typeof value === 'object' && value !== null && (value as Partial<Erased>).erased === true;
