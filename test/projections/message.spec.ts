import { describe, expect, it } from '@jest/globals';
import type { AccountId, ConversationId, DeviceId, MemberId, MessageId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { ERASED } from '../../src/domain/kernel/personal.js';
import type { TimelineEntry } from '../../src/projections/conversation-timeline.js';
import type { Opened } from '../../src/projections/kernel/opening.js';
import { messageOf } from '../../src/projections/message.js';

const conversationId = 'c' as ConversationId;
const [messageId, memberId] = ['m' as MessageId, 'a' as MemberId];
const body = {
  content: { type: 'text', text: 'hi' },
  relations: { forwardOf: 1 },
  hints: { silent: true },
  mediaIds: ['blob'],
  commitment: 'tag',
  deviceId: 'phone' as DeviceId,
  composedAt: instant(Date.UTC(2031, 0, 2, 3, 4, 5, 6)),
} as const;
const entry: Opened<TimelineEntry> = {
  ...{ conversationId, revision: 4, position: 50, type: 'message-posted', at: instant(Date.UTC(2031, 0, 2, 3, 4, 5, 7)) },
  ...{ by: memberId, seq: 3, count: 1, messageId, class: 'post', body },
};
const place = {
  messageId,
  conversationId,
  seq: 3,
  class: 'post',
  senderId: memberId,
  postedAt: '2031-01-02T03:04:05.007Z',
  version: 1,
};
const now = instant(Date.UTC(2032, 0, 1));

describe('messageOf', () => {
  it('shows what was sent and what the server added, and not from which device', () => {
    expect(messageOf(entry, now)).toEqual({
      ...place,
      state: 'visible',
      content: { type: 'text', text: 'hi' },
      relations: { forwardOf: 1 },
      hints: { silent: true },
      mediaIds: ['blob'],
      commitment: 'tag',
      composedAt: '2031-01-02T03:04:05.006Z',
    });
  });

  it('shows a stub with sender and time of what was removed, has expired, or was erased', () => {
    const { body: _, ...bare } = entry;
    expect(messageOf({ ...bare, state: 'removed' }, now)).toEqual({ ...place, state: 'removed' });
    expect(messageOf({ ...entry, state: 'removed' }, now)).toEqual({ ...place, state: 'removed' });
    expect(messageOf(bare, now)).toEqual({ ...place, state: 'erased' });
    expect(messageOf({ ...entry, body: ERASED }, now)).toEqual({ ...place, state: 'erased' });
    const expiresAt = now;
    const withEnd = { ...place, expiresAt: '2032-01-01T00:00:00.000Z' };
    expect(messageOf({ ...entry, expiresAt }, now)).toEqual({ ...withEnd, state: 'expired' });
    expect(messageOf({ ...bare, expiresAt }, now)).toEqual({ ...withEnd, state: 'expired' });
    expect(messageOf({ ...entry, expiresAt }, instant(now - 1))).toMatchObject({ ...withEnd, state: 'visible' });
  });

  it('shows neither sender nor time of what is withheld', () => {
    expect(messageOf({ withheld: true, conversationId, seq: 9 }, now)).toEqual({
      ...{ conversationId, seq: 9, class: 'post', version: 1, state: 'withheld' },
    });
  });

  it('shows a notice with whom it is about, and with their account while its keys live', () => {
    const { messageId: _, class: __, body: ___, ...notice } = entry;
    const added = { ...notice, type: 'member-added', memberId: 'b' as MemberId, account: 'bea' as AccountId } as const;
    const { messageId: ____, ...noticed } = { ...place, class: 'notice', state: 'visible' };
    expect(messageOf(added, now)).toEqual({ ...noticed, content: { type: 'member-added', memberId: 'b', accountId: 'bea' } });
    expect(messageOf({ ...added, account: ERASED }, now)).toEqual({
      ...noticed,
      content: { type: 'member-added', memberId: 'b' },
    });
  });
});
