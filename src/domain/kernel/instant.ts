/** A moment, in whole milliseconds since 1970-01-01T00:00:00Z. Fields that hold one end in `At`; spans end in `Ms` or `Days`. */
export type Instant = number & { readonly __instant: true };

export const instant = (ms: number): Instant => ms as Instant;

export const later = (at: Instant, spanMs: number): Instant => (at + spanMs) as Instant;

export const latest = (one: Instant, other: Instant): Instant => (one > other ? one : other);
