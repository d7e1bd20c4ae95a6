/** Which rare branches a run has been through, as far as its history shows them. */
import type { Counted, Counters } from './counters.js';
import type { Recorded } from './history.js';

const byRefusal: Readonly<Record<string, Counted>> = {
  'conversation-not-found': 'send: refused',
  'id-reused': 'send: id reused',
  'message-gone': 'send: gone',
};

const byFact: Readonly<Record<string, Counted>> = {
  'owner-changed': 'owner: changed',
  'message-removed': 'message: removed',
  'read-up-to': 'mark: read',
  'delivered-up-to': 'mark: delivered',
};

export function countMet(records: readonly Recorded[], counters: Counters): void {
  const sends = new Map<number, string>();
  const acked = new Set<string>();
  const places = new Map<string, number>();
  const processes = new Map<string, number>();
  const ackedBy = new Map<string, number | undefined>();
  const joined = new Map<string, Set<number>>();
  for (const record of records) {
    if (record.kind === 'opened') places.set(record.device, record.process);
    if (record.kind === 'call' && record.name === 'send-message') {
      const { messageId } = record.input as { readonly messageId: string };
      sends.set(record.call, messageId);
      processes.set(String(record.call), places.get(record.device) ?? -1);
    }
    if (record.kind === 'answer' && sends.has(record.call)) {
      const messageId = sends.get(record.call)!;
      const at = processes.get(String(record.call));
      if (!record.ok) {
        const refusal = byRefusal[record.code];
        if (refusal !== undefined) counters.hit(refusal);
      } else if (acked.has(messageId)) {
        counters.hit('send: repeated');
        if (ackedBy.get(messageId) !== at) counters.hit('send: repeated at another process');
      } else {
        acked.add(messageId);
        ackedBy.set(messageId, at);
      }
    }
    if (record.kind === 'fact') countFact(record.frame as never, joined, counters);
  }
}

function countFact(
  { type, revision, data }: { readonly type: string; readonly revision?: number; readonly data: { readonly memberId?: string } },
  joined: Map<string, Set<number>>,
  counters: Counters,
): void {
  const fact = byFact[type];
  if (fact !== undefined) counters.hit(fact);
  if (type !== 'member-added' || data.memberId === undefined || revision === undefined) return;
  const known = joined.get(data.memberId) ?? new Set();
  joined.set(data.memberId, known.add(revision));
  if (known.size === 2) counters.hit('member: joined again');
}
