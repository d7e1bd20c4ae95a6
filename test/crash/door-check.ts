/** What the server shows after a crash, through its doors, against what clients were told; and that no device has a hole. */
import type { Frame } from '../support/person.js';
import type { Device } from './device.js';
import type { Told } from './told.js';

const SEEN_WITHIN_MS = 8_000;
const LOOK_EVERY_MS = 10;
const PAGE = 200;

export async function doorProblems(devices: readonly Device[], told: Told, isOver: () => boolean): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const device of devices) {
    const listed = await device.rest('GET', `/v1/conversations?limit=${PAGE}`);
    if (listed.outcome !== 'ok') continue;
    for (const conversation of listed.data.items as Frame[]) {
      if (conversation.membership.state !== 'active') continue;
      problems.push(...(await holesOf(device, conversation)), ...(await historyProblems(device, conversation, told)));
      problems.push(...(await receiptProblems(device, conversation, told)));
    }
  }
  return isOver() ? [] : problems;
}

/** Facts may be under way for a moment after the catch-up; a hole that stays is one. */
async function holesOf(device: Device, { conversationId, revision }: Frame): Promise<readonly string[]> {
  if (!device.isOnline) return [];
  const untilMs = performance.now() + SEEN_WITHIN_MS;
  device.seenIn(conversationId).base ??= revision;
  while (device.isOnline && device.holes(conversationId, revision).length > 0) {
    if (performance.now() > untilMs) {
      return [`Device ${device.tokens.deviceId} lacks ${device.holes(conversationId, revision)} of ${conversationId}.`];
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return [];
}

async function historyProblems(
  device: Device,
  { conversationId, membership, lastSeq }: Frame,
  told: Told,
): Promise<readonly string[]> {
  const items: Frame[] = [];
  for (let next = ''; ; ) {
    const page = await device.rest('GET', `/v1/conversations/${conversationId}/messages?limit=${PAGE}${next}`);
    if (page.outcome !== 'ok') return [];
    items.unshift(...page.data.items);
    if (page.data.previousPageToken === undefined) break;
    next = `&pageToken=${encodeURIComponent(page.data.previousPageToken)}`;
  }
  const problems: string[] = [];
  // Before that lie the intervals of earlier memberships.
  for (const [at, { seq }] of items.filter(({ seq }) => seq >= membership.fromSeq).entries()) {
    if (seq !== membership.fromSeq + at)
      problems.push(`The history of ${conversationId} shows ${seq} at ${membership.fromSeq + at}.`);
  }
  const shown = new Map(items.map((item) => [item.messageId, item]));
  for (const sent of told.messages.values()) {
    const { ack, messageId } = sent;
    if (sent.conversationId !== conversationId || ack === undefined || ack.seq < membership.fromSeq || ack.seq > lastSeq)
      continue;
    const item = shown.get(messageId);
    const isRight = item?.seq === ack.seq && item.postedAt === ack.postedAt;
    const isShown =
      isRight && (told.removals.has(messageId) ? true : item.state === 'visible' && item.content?.text === sent.text);
    if (!isShown) problems.push(`${messageId} was acked at ${ack.seq} and is shown as ${JSON.stringify(item)}.`);
    if (told.removals.get(messageId) === 'told' && item?.content !== undefined)
      problems.push(`${messageId} was removed and is shown.`);
  }
  return problems;
}

async function receiptProblems(device: Device, { conversationId, membership }: Frame, told: Told): Promise<readonly string[]> {
  const wanted = told.readMarks.get(conversationId)?.get(device.tokens.accountId) ?? 0;
  const reply = await device.rest('GET', `/v1/conversations/${conversationId}/receipts`);
  if (reply.outcome !== 'ok' || wanted < membership.fromSeq) return [];
  const mine = reply.data.items.find(({ memberId }: Frame) => memberId === membership.memberId);
  return mine?.readSeq >= wanted ? [] : [`A read mark at ${wanted} was acked, and ${mine?.readSeq} is shown.`];
}
