/**
 * The edges: what is too large, malformed, repeated or not a message at all, on both doors. Whatever is refused is refused
 * cleanly, and the server and everybody else's connection live on.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { limits } from '../../domain/kernel/limits.js';
import type { DemoPerson } from './demo-person.js';
import type { Talk } from './demo-script.js';
import { bytesOf, type Stage } from './demo-stage.js';
import { RestDoor } from './rest-door.js';
import { type ServerFrame, SocketDoor } from './socket-door.js';
import type { Content, Message } from './wire.js';

const jsonBytes = (content: Content): number => Buffer.byteLength(JSON.stringify(content), 'utf8');

/** A text whose content is exactly so many bytes of JSON; the filling is of characters of several bytes. */
export function contentOfBytes(bytes: number, filling = 'ជ𐌲م'): Content {
  const room = bytes - jsonBytes({ type: 'text', text: '' });
  const whole = filling.repeat(Math.floor(room / Buffer.byteLength(filling, 'utf8')));
  return { type: 'text', text: whole + 'x'.repeat(room - Buffer.byteLength(whole, 'utf8')) };
}

export async function sizes(stage: Stage, talk: Talk, sender: DemoPerson): Promise<void> {
  const { conversationId, reader } = talk;
  const fits = contentOfBytes(limits.contentBytesMax);
  stage.check('the largest content is exactly the limit', jsonBytes(fits) === limits.contentBytesMax, () => jsonBytes(fits));
  for (const door of ['socket', 'rest'] as const) await stage.send(sender, conversationId, fits, { door, reader });
  const tooLarge = () => ({
    conversationId,
    messageId: stage.options.ids.uuid(),
    content: contentOfBytes(limits.contentBytesMax + 1),
  });
  const code = ['content-too-large'];
  await stage.refuses('one byte over the limit by REST', () => stage.sendByRest(sender, tooLarge()), code);
  await stage.refuses('one byte over the limit by the socket', () => sender.session.deliver(tooLarge()), code);
  const empty = () => ({ ...tooLarge(), content: { type: 'text', text: '' } });
  await stage.refuses('an empty text by REST', () => stage.sendByRest(sender, empty()), ['invalid-request']);
  await stage.refuses('an empty text by the socket', () => sender.session.deliver(empty()), ['invalid-request']);
}

/** The same id with the same content is the same message, however often and through whichever door. */
export async function repeats(stage: Stage, { conversationId, reader }: Talk, sender: DemoPerson): Promise<void> {
  for (const door of ['socket', 'rest'] as const) {
    const content = { type: 'text', text: `once, and only once, by ${door}` };
    const { ack, messageId } = await stage.send(sender, conversationId, content, { door, reader });
    const outgoing = { conversationId, messageId, content };
    const again = [await sender.session.deliver(outgoing), (await stage.sendByRest(sender, outgoing)).ack];
    const isSame = again.every((other) => JSON.stringify(inOrder(other)) === JSON.stringify(inOrder(ack)));
    stage.check(`a message by ${door} that is repeated gets the same ack`, isSame, () => [ack, ...again]);
    const other = { ...outgoing, content: { type: 'text', text: 'something else' } };
    await stage.refuses('the same id for another text by REST', () => stage.sendByRest(sender, other), ['id-reused']);
    await stage.refuses('the same id for another text by the socket', () => sender.session.deliver(other), ['id-reused']);
  }
}

const inOrder = (fields: object): unknown[] => Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1));

/** What only the two ends can read comes back as it went, and opens. */
export async function encrypted(stage: Stage, { conversationId, reader }: Talk, sender: DemoPerson): Promise<void> {
  const [key, nonce, proofKey] = [randomBytes(32), randomBytes(12), randomBytes(32)];
  const secret = 'nobody in between can read this: ሰላም 🤫';
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  const content = {
    ...{ type: 'encrypted', scheme: 'demo.aes-256-gcm', epoch: 0 },
    ...{ header: nonce.toString('base64url'), ciphertext: sealed.toString('base64url') },
  };
  const commitment = createHmac('sha256', proofKey).update(secret, 'utf8').digest('base64url');
  const { ack, messageId } = await stage.send(sender, conversationId, content, { reader, commitment });
  const query = `fromSeq=${ack.seq}&toSeq=${ack.seq}`;
  let found: Message | undefined;
  await stage.settles(async () => {
    const path = `/v1/conversations/${conversationId}/messages?${query}`;
    [found] = (await stage.patiently(() => reader.rest.get<{ items: Message[] }>(path))).items;
    return found !== undefined;
  });
  const bytes = Buffer.from(String(found?.content?.ciphertext ?? ''), 'base64url');
  stage.check('an encrypted content comes back unchanged', bytesOf(found?.content).equals(bytesOf(content)), () => found);
  stage.check('an encrypted content opens at the other end', opened(bytes, key, nonce) === secret);
  stage.check(
    'its commitment comes back with it',
    found?.commitment === commitment && found.messageId === messageId,
    () => found,
  );
  const clear = { conversationId, messageId: stage.options.ids.uuid(), content: { type: 'text', text: 'clear' }, commitment };
  await stage.refuses('a commitment to a text that is not encrypted', () => stage.sendByRest(sender, clear), ['invalid-request']);
}

const TAG_BYTES = 16;

function opened(sealed: Buffer, key: Buffer, nonce: Buffer): string | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

/** Its author takes a message back: it stays as a stub, and nobody gets its text any more. */
export async function takenBack(stage: Stage, { conversationId, reader }: Talk, sender: DemoPerson): Promise<void> {
  const content = { type: 'text', text: 'I should not have said that.' };
  const { ack, messageId } = await stage.send(sender, conversationId, content, { reader });
  stage.removed.add(messageId);
  await sender.session.command('remove-message', { conversationId, messageId });
  const path = `/v1/conversations/${conversationId}/messages?fromSeq=${ack.seq}&toSeq=${ack.seq}`;
  let found: Message | undefined;
  const isStub = async () => {
    [found] = (await stage.patiently(() => reader.rest.get<{ items: Message[] }>(path))).items;
    return found?.state === 'removed' && found.content === undefined;
  };
  stage.check('a message that was taken back is a stub', await stage.settles(isStub), () => found);
}

const WITHIN_MS = 10_000;

/** Half of a surrogate pair is no text. As an escape it is valid JSON, so it gets as far as the doors. */
export async function malformed(stage: Stage, { conversationId }: Talk, sender: DemoPerson, spare: DemoPerson): Promise<void> {
  const { ids, serverUrl, clock } = stage.options;
  for (const half of ['\\ud800', '\\udfff', 'a\\ud83d', '\\udc00\\ud800']) {
    const messageId = ids.uuid();
    const content = `{"type":"text","text":"${half}"}`;
    const post = () =>
      sender.rest.call('POST', `/v1/conversations/${conversationId}/messages`, {
        raw: `{"messageId":"${messageId}","content":${content}}`,
      });
    await stage.refuses(`half of a surrogate pair (${half}) by REST`, post, ['malformed-json']);
    const frame = `{"type":"send-message","id":"${ids.uuid()}","data":{"conversationId":"${conversationId}","messageId":"${messageId}","content":${content}}}`;
    const answer = await stage.patiently(() => answerTo(stage, spare, frame));
    stage.check(
      `refused: half of a surrogate pair (${half}) by the socket`,
      ['malformed-json', '4400'].includes(answer),
      () => answer,
    );
  }
  const huge = `{"type":"send-message","id":"${ids.uuid()}","data":{"text":"${'x'.repeat(limits.frameBytesMax)}"}}`;
  const answer = await stage.patiently(() => answerTo(stage, spare, huge));
  stage.check('a frame over the limit closes its socket with 1009', answer === '1009', () => answer);
  const ready = await stage.patiently(() => new RestDoor(serverUrl, clock).call('GET', '/health/ready'));
  stage.check('the server is well after all that', ready.status === 200, () => ready);
}

/** What a connection of a spare device gets for a text that may be no frame at all: an error's code, or a close code. */
async function answerTo(stage: Stage, spare: DemoPerson, text: string): Promise<string> {
  const { serverUrl, clock, ids } = stage.options;
  const answer = Promise.withResolvers<string>();
  const handed = (frame: ServerFrame) => {
    if (frame.type === 'error') answer.resolve(frame.problem?.code ?? 'error');
  };
  const door = await SocketDoor.open(serverUrl, await spare.session.accessToken(), { clock, ids }, handed);
  try {
    await door.request('hello', { capabilities: [], client: { name: 'sottovoce-demo', version: '1' } });
    void door.closed.then(({ code }) => answer.resolve(String(code)));
    door.sendText(text);
    const late = clock.wait(WITHIN_MS).then(() => 'no answer');
    return await Promise.race([answer.promise, late]);
  } finally {
    door.leave();
  }
}
