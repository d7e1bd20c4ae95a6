/**
 * What happens in the demo, in order: a direct pair that both open at once, and a group of five in which somebody is
 * added, somebody is removed and somebody leaves. All talk at the same time; nobody waits for the others.
 */
import type { Passage } from './corpus.js';
import type { DemoPerson } from './demo-person.js';
import type { Sent, Stage } from './demo-stage.js';
import { onceShown } from './find-person.js';
import { shortened } from './terminal.js';
import { type Content, type Conversation, codeOf, type Member } from './wire.js';

export interface Attendance {
  readonly person: DemoPerson;
  readonly memberId: string;
  /** The fact that ended it; absent for who is still there. */
  ending?: 'member-removed' | 'member-left';
}

export interface Talk {
  readonly title: string;
  readonly conversationId: string;
  readonly attendances: readonly Attendance[];
  /** Stays from the first place to the last. */
  readonly reader: DemoPerson;
}

export interface Line {
  readonly content: Content;
  readonly about?: string;
}

export const textLine = (text: string, about?: string): Line => ({ content: { type: 'text', text }, ...(about && { about }) });
export const passageLine = ({ language, script, text }: Passage): Line => textLine(text, `${language} [${script}]`);

const PREVIEW_CHARACTERS = 44;
/** Every third message of a person takes the other door. */
const REST_EVERY = 3;

/** Each of several people says their lines one after the other; all at once. */
export async function converse(
  stage: Stage,
  talk: Talk,
  speakers: readonly DemoPerson[],
  lines: readonly Line[],
): Promise<Sent[]> {
  const said = speakers.map(async (speaker, place) => {
    const own = lines.filter((_, index) => index % speakers.length === place);
    const sent: Sent[] = [];
    for (const [index, { content, about }] of own.entries()) {
      const door = index % REST_EVERY === REST_EVERY - 1 ? 'rest' : 'socket';
      sent.push(await stage.send(speaker, talk.conversationId, content, { door, reader: talk.reader }));
      if (about !== undefined) tell(stage, speaker, about, content);
    }
    return sent;
  });
  return (await Promise.all(said)).flat();
}

function tell(stage: Stage, { name }: DemoPerson, about: string, { text = '' }: Content): void {
  const { style } = stage.options;
  stage.say(`  ${name.padEnd(16)} ${style.dim(about.padEnd(44))} ${shortened(text, PREVIEW_CHARACTERS)}`);
}

export async function attendancesOf(stage: Stage, conversationId: string, people: readonly DemoPerson[]): Promise<Attendance[]> {
  const [first] = people;
  if (first === undefined) throw new Error('A conversation has people.');
  const path = `/v1/conversations/${conversationId}/members`;
  const members = await stage.patiently(() => onceShown(stage.options.clock, () => first.rest.all<Member>(path)));
  return people.map((person) => {
    const memberId = members.find(({ accountId }) => accountId === person.accountId)?.memberId;
    if (memberId === undefined) throw new Error(`${person.name} is not listed as a member.`);
    return { person, memberId };
  });
}

/** Both open it at once, and both get the same conversation. */
export async function openDirect(stage: Stage, one: DemoPerson, other: DemoPerson): Promise<Talk> {
  const open = (by: DemoPerson, to: DemoPerson) =>
    stage.patiently(() => by.rest.post<{ conversationId: string }>('/v1/direct-conversations', { accountId: to.accountId }));
  const [mine, yours] = await Promise.all([open(one, other), open(other, one)]);
  const isOne = mine.conversationId === yours.conversationId;
  stage.check('two people who open a direct conversation at once get the same one', isOne, () => [mine, yours]);
  const { conversationId } = mine;
  await shownTo(stage, conversationId, [one, other]);
  const attendances = await attendancesOf(stage, conversationId, [one, other]);
  return { title: `${one.name} and ${other.name}`, conversationId, attendances, reader: one };
}

async function shownTo(stage: Stage, conversationId: string, people: readonly DemoPerson[]): Promise<void> {
  const { clock } = stage.options;
  const read =
    ({ rest }: DemoPerson) =>
    () =>
      rest.get<Conversation>(`/v1/conversations/${conversationId}`);
  await Promise.all(people.map((person) => stage.patiently(() => onceShown(clock, read(person)))));
}

/** The first of the five owns it; the last is not there yet. */
export async function openGroup(stage: Stage, title: string, people: readonly DemoPerson[]): Promise<Talk> {
  const [owner, ...others] = people as [DemoPerson, ...DemoPerson[]];
  const conversationId = stage.options.ids.uuid();
  const body = { conversationId, title, accountIds: others.map(({ accountId }) => accountId) };
  const create = () => stage.patiently(() => owner.rest.call('POST', '/v1/group-conversations', { body }));
  await create();
  const repeated = await create();
  stage.check('a group that is created again with the same request is the same', repeated.status === 200, () => repeated);
  await shownTo(stage, conversationId, people);
  return { title, conversationId, attendances: await attendancesOf(stage, conversationId, people), reader: owner };
}

/** The lines in four parts: before the coming, with everybody, after the removal, after the leaving. */
export async function groupTalk(
  stage: Stage,
  title: string,
  people: readonly DemoPerson[],
  lines: readonly Line[],
): Promise<Talk> {
  const [owner, second, third, removed, late] = people as [DemoPerson, DemoPerson, DemoPerson, DemoPerson, DemoPerson];
  const part = (index: number) => lines.filter((_, place) => place % 4 === index);
  const opened = await openGroup(stage, title, [owner, second, third, removed]);
  await converse(stage, opened, [owner, second, third, removed], part(0));

  await ownerOnly(stage, opened, second, late);
  const path = `/v1/conversations/${opened.conversationId}`;
  const add = () => stage.patiently(() => owner.rest.call('POST', `${path}/members`, { body: { accountId: late.accountId } }));
  await add();
  stage.check('somebody who is added again stays the same member', (await add()).status === 200);
  await shownTo(stage, opened.conversationId, [late]);
  const [lateOne] = await attendancesOf(stage, opened.conversationId, [late]);
  const talk = { ...opened, attendances: [...opened.attendances, lateOne as Attendance] };
  await converse(stage, talk, people, part(1));

  const removedOne = talk.attendances.find(({ person }) => person === removed) as Attendance;
  await ended(stage, () => owner.rest.call('DELETE', `${path}/members/${removedOne.memberId}`));
  removedOne.ending = 'member-removed';
  await shutOut(stage, talk, removed);
  await converse(stage, talk, [owner, second, third, late], part(2));

  await ended(stage, () => late.rest.call('POST', `${path}/leave`));
  (lateOne as Attendance).ending = 'member-left';
  await shutOut(stage, talk, late);
  await converse(stage, talk, [owner, second, third], part(3));
  return talk;
}

/** What was done by a call whose answer was lost is done: it is not there to be done again. */
async function ended(stage: Stage, act: () => Promise<unknown>): Promise<void> {
  let tries = 0;
  await stage.patiently(async () => {
    tries += 1;
    try {
      await act();
    } catch (error) {
      const isDone = ['member-not-found', 'conversation-not-found'].includes(codeOf(error) ?? '');
      if (!(isDone && tries > 1)) throw error;
    }
  });
}

async function ownerOnly(stage: Stage, { conversationId }: Talk, member: DemoPerson, other: DemoPerson): Promise<void> {
  const body = { accountId: other.accountId };
  const add = () => member.rest.call('POST', `/v1/conversations/${conversationId}/members`, { body });
  await stage.refuses('that somebody adds to a group of somebody else', add, ['owner-only']);
}

async function shutOut(stage: Stage, { conversationId }: Talk, person: DemoPerson): Promise<void> {
  const outgoing = () => ({
    conversationId,
    messageId: stage.options.ids.uuid(),
    content: { type: 'text', text: 'still here?' },
  });
  const codes = ['conversation-not-found', 'not-a-member'];
  await stage.refuses('a message of a former member by REST', () => stage.sendByRest(person, outgoing()), codes);
  await stage.refuses('a message of a former member by the socket', () => person.session.deliver(outgoing()), codes);
}
