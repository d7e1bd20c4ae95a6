/** What a device remembers of its conversations: enough to act on. What is right is the checker's to say, not the device's. */
import type { Json } from './history.js';

export interface Gap {
  readonly conversationId: string;
  readonly fromSeq: number;
  readonly toSeq: number;
}

export interface Room {
  lastSeq: number;
  isActive: boolean;
  memberId?: string;
  /** Account to member. */
  readonly members: Map<string, string>;
  /** Message to who wrote it, by member. */
  readonly messages: Map<string, string>;
}

export class DeviceMemory {
  readonly rooms = new Map<string, Room>();
  gaps: Gap[] = [];

  constructor(private readonly accountId: string) {}

  clear(): void {
    this.rooms.clear();
    this.gaps = [];
  }

  close(gap: Gap): void {
    this.gaps = this.gaps.filter((other) => other !== gap);
  }

  take(frame: Json): void {
    const { type, data } = frame as { readonly type: string; readonly data: Json };
    if (type === 'limited') {
      this.gaps.push(data as unknown as Gap);
      return;
    }
    if (type === 'conversation-snapshot') {
      this.takeSnapshot(data);
      return;
    }
    const { conversationId, seq, memberId, accountId } = data as Record<string, string> & { readonly seq?: number };
    if (conversationId === undefined) return;
    const room = this.room(conversationId);
    if (typeof seq === 'number' && type !== 'message-removed') room.lastSeq = Math.max(room.lastSeq, seq);
    if (type === 'message-posted') room.messages.set(data.messageId as string, data.senderId as string);
    if (type === 'member-added' && accountId !== undefined) this.join(room, accountId, memberId!);
    if ((type === 'member-left' || type === 'member-removed') && memberId === room.memberId) room.isActive = false;
  }

  private takeSnapshot(data: Json): void {
    const { conversation, members } = data as {
      readonly conversation: { conversationId: string; lastSeq: number; membership: { memberId: string; state: string } };
      readonly members?: readonly { readonly accountId?: string; readonly memberId: string }[];
    };
    const room = this.room(conversation.conversationId);
    room.lastSeq = Math.max(room.lastSeq, conversation.lastSeq);
    room.memberId = conversation.membership.memberId;
    room.isActive = conversation.membership.state === 'active';
    for (const { accountId, memberId } of members ?? []) if (accountId !== undefined) room.members.set(accountId, memberId);
  }

  private join(room: Room, accountId: string, memberId: string): void {
    room.members.set(accountId, memberId);
    if (accountId !== this.accountId) return;
    room.memberId = memberId;
    room.isActive = true;
  }

  private room(conversationId: string): Room {
    const known = this.rooms.get(conversationId);
    if (known !== undefined) return known;
    const room: Room = { lastSeq: 0, isActive: false, members: new Map(), messages: new Map() };
    this.rooms.set(conversationId, room);
    return room;
  }
}
