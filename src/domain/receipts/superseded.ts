import type { ReceiptsEvent } from './events.js';

/**
 * How many of the oldest marks of a member say nothing that later ones do not say, to the fold and to every view: as many
 * may be forgotten. A later mark counts if it is not below the place at which the present membership began: it was set
 * since then, and nobody ignores it. Without a present membership there is no such mark, and nothing is forgotten.
 */
export function supersededMarks(marks: readonly ReceiptsEvent[], joinedSeq: number | undefined): number {
  if (joinedSeq === undefined) return 0;
  let needed = marks.length;
  let [deliveredSeq, readSeq] = [-1, -1];
  for (let at = marks.length - 1; at >= 0; at -= 1) {
    const { type, data } = marks[at]!;
    const isRead = type === 'ReadUpTo';
    if (data.seq > (isRead ? readSeq : deliveredSeq)) needed = at;
    if (data.seq < joinedSeq) continue;
    deliveredSeq = Math.max(deliveredSeq, data.seq);
    if (isRead) readSeq = Math.max(readSeq, data.seq);
  }
  return needed;
}
