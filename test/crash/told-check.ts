/** What stands in the stores against what clients were told: everything acknowledged is there, exactly once and as told. */

import type { Foundation } from '../../src/compose.js';
import type { AccountId, DeviceId } from '../../src/domain/kernel/ids.js';
import type { Instant } from '../../src/domain/kernel/instant.js';
import { limits } from '../../src/domain/kernel/limits.js';
import { isErased, isSealed } from '../../src/domain/kernel/personal.js';
import type { ReadLog } from './log-check.js';
import type { Sent, Told } from './told.js';

/** A ticket that is about to end is not asked for. */
const TICKET_MARGIN_MS = 5_000;

type Deps = Foundation['deps'];

export async function toldProblems({ deps }: Foundation, log: ReadLog, told: Told, at: Instant): Promise<readonly string[]> {
  return [
    ...messageProblems(log, told),
    ...(await accountProblems(deps, log, told, at)),
    ...(await membershipProblems(deps, log, told)),
    ...(await ticketProblems(deps, told, at)),
    ...(await refreshProblems(deps, told, at)),
  ];
}

function messageProblems({ events, opened }: ReadLog, { messages, removals }: Told): readonly string[] {
  const posts = new Map(
    events.flatMap((event) => (event.type === 'MessagePosted' ? [[event.data.messageId as string, event]] : [])),
  );
  const texts = new Map(
    events.flatMap(({ type, data }) => {
      if (type !== 'MessageComposed' || !isSealed(data.body)) return [];
      const body = opened.get(data.body.sealed) as { content: { text: string } } | undefined;
      return [[data.composeId as string, body?.content.text]];
    }),
  );
  const removed = new Set<string>(events.flatMap(({ type, data }) => (type === 'MessageRemoved' ? [data.messageId] : [])));
  const problems: string[] = [];
  for (const sent of messages.values()) {
    const post = posts.get(sent.messageId);
    const certainty = removals.get(sent.messageId);
    if (certainty === 'told' && !removed.has(sent.messageId))
      problems.push(`The removal of ${sent.messageId} was acked and is not there.`);
    if (certainty === undefined && removed.has(sent.messageId)) problems.push(`${sent.messageId} was removed, and nobody asked.`);
    const found = post && {
      messageId: sent.messageId,
      seq: post.data.seq,
      postedAt: new Date(post.data.postedAt).toISOString(),
      revision: post.meta.revision,
      conversationId: post.data.conversationId as string,
      text: texts.get(post.data.composeId),
    };
    problems.push(...sendProblems(sent, found, certainty !== undefined));
  }
  return problems;
}

function sendProblems(sent: Sent, found: Readonly<Record<string, unknown>> | undefined, mayBeGone: boolean): readonly string[] {
  const { ack, messageId, conversationId, text, refused, tries } = sent;
  if (found === undefined) return ack === undefined ? [] : [`LOST: ${messageId} was acked as ${JSON.stringify(ack)}.`];
  if (refused !== undefined && ack === undefined && tries === 1) return [`${messageId} was refused as ${refused}, and is there.`];
  const wanted = { ...found, ...(ack ?? {}), conversationId, text };
  const shown = mayBeGone && found.text === undefined ? { ...found, text } : found;
  return JSON.stringify(shown) === JSON.stringify(wanted)
    ? []
    : [`${messageId} was acked as ${JSON.stringify(wanted)} and is ${JSON.stringify(shown)}.`];
}

async function accountProblems(
  { directory, credentials }: Deps,
  { events }: ReadLog,
  told: Told,
  at: Instant,
): Promise<readonly string[]> {
  const problems: string[] = [];
  const registered = new Set<string>(events.flatMap(({ type, data }) => (type === 'AccountRegistered' ? [data.accountId] : [])));
  const linked = new Set<string>(events.flatMap(({ type, data }) => (type === 'DeviceLinked' ? [data.deviceId] : [])));
  const revoked = new Set<string>(events.flatMap(({ type, data }) => (type === 'DeviceRevoked' ? [data.deviceId] : [])));
  for (const [accountId, value] of told.accounts) {
    const found = await directory.find({ kind: 'phone', value });
    if (found !== accountId) problems.push(`Account ${accountId} signed in; the directory has ${found}.`);
    if (!registered.has(accountId)) problems.push(`Account ${accountId} signed in and is not registered.`);
  }
  for (const [deviceId, { revoked: certainty }] of told.devices) {
    const isLive = await credentials.isLive(deviceId as DeviceId, at);
    if (!linked.has(deviceId)) problems.push(`Device ${deviceId} signed in and is not linked.`);
    if (certainty === undefined && !isLive) problems.push(`Device ${deviceId} signed in and has no refresh family.`);
    if (certainty === 'told' && !revoked.has(deviceId))
      problems.push(`Device ${deviceId} was revoked, and it is not in the log.`);
    if (certainty === undefined && revoked.has(deviceId)) problems.push(`Device ${deviceId} is revoked, and nobody asked.`);
  }
  return problems;
}

/** Memberships and read marks, for which an account is named as the conversation names it. */
async function membershipProblems({ keys }: Deps, { events }: ReadLog, told: Told): Promise<readonly string[]> {
  const marks = [...told.readMarks].flatMap(([conversationId, of]) =>
    [...of].map(([accountId, seq]) => ({ conversationId, accountId, seq })),
  );
  const asked = [...told.memberships, ...marks];
  const names = await keys.name(
    asked.map(({ accountId, conversationId }) => ({
      subject: accountId as AccountId,
      purpose: 'member',
      context: conversationId,
    })),
  );
  const changes = new Set<string>();
  const read = new Map<string, number>();
  for (const { type, data } of events) {
    if (type === 'MemberAdded') changes.add(`added ${data.memberId}`);
    if (type === 'MemberLeft' || type === 'MemberRemoved') changes.add(`left ${data.memberId}`);
    if (type === 'ReadUpTo') read.set(data.memberId, Math.max(data.seq, read.get(data.memberId) ?? 0));
    // Who posts has read up to there.
    if (type === 'MessagePosted') read.set(data.memberId, Math.max(data.seq, read.get(data.memberId) ?? 0));
  }
  const created = new Set<string>(
    events.flatMap(({ type, data }) => (type === 'ConversationCreated' ? [data.conversationId] : [])),
  );
  const absent = [...told.conversations.keys()]
    .filter((id) => !created.has(id))
    .map((id) => `Conversation ${id} was created and is not there.`);
  return absent.concat(
    asked.flatMap((one, at) => {
      const name = names[at]!;
      if (isErased(name)) return [`Account ${one.accountId} has no keys.`];
      if ('change' in one)
        return changes.has(`${one.change} ${name}`) ? [] : [`That ${one.accountId} ${one.change} is not there.`];
      return (read.get(name) ?? 0) >= one.seq ? [] : [`A read mark at ${one.seq} was acked, and ${read.get(name)} is there.`];
    }),
  );
}

async function ticketProblems({ credentials }: Deps, told: Told, at: Instant): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const { ticket, accountId, deviceId, toldAtMs } of told.tickets) {
    const isDue = at - toldAtMs < limits.socketTicketLifeMs - TICKET_MARGIN_MS;
    if (!isDue || told.devices.get(deviceId)?.revoked !== undefined) continue;
    const principal = await credentials.takeTicket(ticket, undefined, at);
    if (principal?.accountId !== accountId) problems.push(`A ticket of device ${deviceId} was issued and is not there.`);
  }
  return problems;
}

async function refreshProblems({ credentials }: Deps, told: Told, at: Instant): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const [deviceId, refreshToken] of told.refreshTokens) {
    if (told.devices.get(deviceId)?.revoked !== undefined) continue;
    const { outcome } = await credentials.rotateRefresh(refreshToken, deviceId as DeviceId, at);
    if (outcome !== 'rotated') problems.push(`Device ${deviceId} was given a refresh token that is ${outcome}.`);
  }
  return problems;
}
