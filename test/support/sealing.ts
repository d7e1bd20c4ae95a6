/** Short ways to seal and open in tests. */
import type { Opened, SealRequest, Subject, SubjectKeys } from '../../src/application/ports/subject-keys.js';
import type { EventId } from '../../src/domain/kernel/ids.js';
import { isErased, type Sealed } from '../../src/domain/kernel/personal.js';
import { CountingIdSource } from './counting-id-source.js';

const ids = new CountingIdSource('sealing');

export const request = (subject: Subject, over: Partial<SealRequest> = {}): SealRequest => ({
  subject,
  scope: 'author',
  context: 'conversation-of-all',
  eventType: 'MessageComposed',
  eventId: ids.uuid() as EventId,
  fieldPath: 'body',
  value: { content: { type: 'text', text: 'a secret of hers' } },
  padded: false,
  ...over,
});
export async function seal(keys: SubjectKeys, ...requests: readonly SealRequest[]): Promise<Sealed[]> {
  const outcomes = await keys.seal(requests);
  return outcomes.map((outcome) => {
    if (typeof outcome === 'string') throw new Error(`Not sealed: ${outcome}.`);
    return outcome;
  });
}

export async function openOne(keys: SubjectKeys, sealed: Sealed): Promise<unknown> {
  const [opened] = await keys.open([sealed]);
  return opened && !isErased(opened) ? (opened as Opened).value : opened;
}
