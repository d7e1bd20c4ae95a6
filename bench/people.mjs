/**
 * The people of a bench, made with the use cases over the composition root before a server is started, and signed in with the
 * tokens that the server itself would give. Only the one-time code is left out: it is the work of the sign-in, not of what is measured.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { AccessTokens } from '../dist/adapters/nest/access-tokens.js';
import { openLog } from '../dist/adapters/nest/log.js';
import { completeVerification } from '../dist/application/account/complete-verification.js';
import { createDirect } from '../dist/application/conversation/create-direct.js';
import { createGroup } from '../dist/application/conversation/create-group.js';
import { openEmbedded } from '../dist/compose.js';
import { idOf } from './messages.mjs';
import { RawSocket, textFrame } from './raw-socket.mjs';

const LIMITS = { signInsPerTargetHourMax: 1, signInsPerAddressHourMax: 1, lookupsPerAccountMinuteMax: 1 };
const AT_ONCE = 32;
const TOKEN_KEPT_MS = 5 * 60 * 1_000;

export class People {
  people = [];
  conversations = [];
  bearers = new Map();

  /** Opens the folders, lets `make` fill them, and closes them again; what is needed to sign in is kept. */
  static async settle(folder, make, known = {}) {
    const config = { folders: { data: join(folder, 'data'), keys: join(folder, 'keys') }, limits: LIMITS };
    const foundation = await openEmbedded(config, openLog('silent'));
    const settled = Object.assign(new People(), known);
    settled.deps = foundation.deps;
    settled.foundation = foundation;
    try {
      settled.secret = await foundation.secret('access-tokens');
      await make(settled);
    } finally {
      await foundation.close();
      settled.deps = undefined;
      settled.foundation = undefined;
    }
    return settled;
  }

  async arrive(count) {
    const spki = { publicKeyEncoding: { type: 'spki', format: 'der' }, privateKeyEncoding: { type: 'pkcs8', format: 'der' } };
    await inParallel(count, async () => {
      const { publicKey } = generateKeyPairSync('ed25519', spki);
      const identifier = { kind: 'externalId', value: randomUUID() };
      const spendCode = async ({ proposed }) => ({ outcome: 'spent', identifier, proposed });
      const issueRefresh = (principal, at) => this.deps.credentials.issueRefresh(principal, at);
      const signIn = completeVerification({ ...this.deps, credentials: { spendCode, issueRefresh } });
      const device = { publicKey: publicKey.toString('base64url'), name: 'Bench' };
      const { accountId, deviceId } = granted(await signIn({ verificationId: randomUUID(), code: '', device }, this.context()));
      this.people.push({ accountId, deviceId });
    });
    return this.people.slice(-count);
  }

  async direct(one, other) {
    const made = await createDirect(this.deps)({ accountId: other.accountId }, this.context(one));
    return this.remember(granted(made).conversationId, [one, other]);
  }

  async group(members) {
    const [creator, ...others] = members;
    const accountIds = others.map(({ accountId }) => accountId);
    const input = { conversationId: randomUUID(), title: 'Bench', accountIds };
    return this.remember(granted(await createGroup(this.deps)(input, this.context(creator))).conversationId, members);
  }

  remember(conversationId, members) {
    const conversation = { conversationId, members };
    this.conversations.push(conversation);
    return conversation;
  }

  context(principal) {
    return { correlationId: randomUUID(), address: '127.0.0.1', ...(principal && { principal }) };
  }

  async token(person) {
    const clock = { now: () => Date.now() };
    return (await new AccessTokens(this.secret, { clock }).issue(person)).accessToken;
  }

  /** A token for requests, made again well before it ends. */
  async bearer(person) {
    const known = this.bearers.get(person);
    if (known !== undefined && Date.now() - known.madeAt < TOKEN_KEPT_MS) return known.token;
    const token = await this.token(person);
    this.bearers.set(person, { token, madeAt: Date.now() });
    return token;
  }

  /** A socket of this person's that has said hello and caught up. */
  async socket(address, person, { cursor, localAddress, token, onFrame } = {}) {
    const bearer = token ?? (await this.token(person));
    const headers = { Authorization: `Bearer ${bearer}`, 'Sec-WebSocket-Protocol': 'sottovoce.v1.json' };
    const socket = await RawSocket.open(address, { path: '/v1/socket', headers, localAddress });
    socket.onReauth = async () => socket.write(authenticate(await this.token(person)));
    await new Promise((resolve, reject) => {
      socket.onClose = () => reject(new Error(`The server closed: ${socket.closeReason}`));
      socket.onFrame = (bytes, from, to) => {
        onFrame?.(bytes, from, to);
        if (!CAUGHT_UP.equals(bytes.subarray(from, from + CAUGHT_UP.length))) return;
        socket.cursor = JSON.parse(bytes.toString('utf8', from, to)).data.cursor;
        resolve();
      };
      socket.write(hello(cursor));
    });
    socket.onFrame = onFrame ?? (() => undefined);
    socket.onClose = () => undefined;
    return socket;
  }
}

const CAUGHT_UP = Buffer.from('{"type":"caught-up"');

function hello(cursor) {
  const data = { ...(cursor && { cursor }), capabilities: [], client: { name: 'bench', version: '1' } };
  return textFrame(JSON.stringify({ type: 'hello', id: randomUUID(), data }));
}

/** Its ack has the number of no message. */
const authenticate = (accessToken) => textFrame(JSON.stringify({ type: 'authenticate', id: idOf(0), data: { accessToken } }));

/** A socket at the floor that is in the conversation. */
export async function floorSocket(address, conversationIds, options = {}) {
  const socket = await RawSocket.open(address, options);
  for (const conversationId of conversationIds) {
    await new Promise((resolve) => {
      socket.onFrame = resolve;
      socket.write(textFrame(JSON.stringify({ type: 'join', id: randomUUID(), data: { conversationId } })));
    });
  }
  socket.onFrame = () => undefined;
  return socket;
}

function granted(result) {
  if (!result.ok) throw new Error(`Refused: ${JSON.stringify(result.rejection)}`);
  return result.value;
}

export async function inParallel(count, act, atOnce = AT_ONCE) {
  let next = 0;
  const worker = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}
