/**
 * `npm run chat`: talks with one person from a terminal. A composition root of its own: the clock and the chance of this
 * process are the machine's. It ends with one clear line, never with a stack.
 */
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { limits } from '../../domain/kernel/limits.js';
import { SystemClock } from '../system/system-clock.js';
import { UuidIdSource } from '../system/uuid-id-source.js';
import { ChatRoom } from './chat-room.js';
import { ChatSession, type SessionEvents } from './chat-session.js';
import { type DeviceState, FileState, type StateStore } from './device-state.js';
import { accountOf, developmentCode, onceShown } from './find-person.js';
import { LineEditor } from './line-editor.js';
import { RestDoor } from './rest-door.js';
import { type Identifier, identifierOf, signIn, type Verification } from './signing-in.js';
import { Friendly, lineAbout, readArguments, stayAlive } from './terminal.js';
import { type Conversation, codeOf } from './wire.js';

const USAGE = `npm run chat -- --as +15550100 --to +15550101

  --as       your phone number (+ and digits) or e-mail address
  --to       the other's
  --server   http://127.0.0.1:3000
  --code     the one-time code, if you know it
  --data     data folder of a server on this machine, where development codes lie (./data)
  --state    where this device keeps its keys and tokens (./.sottovoce-chat)`;

const clock = new SystemClock();
const ids = new UuidIdSource();

interface Options {
  readonly serverUrl: string;
  readonly me: Identifier;
  readonly other: Identifier;
  readonly code: string | undefined;
  readonly data: string;
  readonly state: string;
}

const read = () =>
  parseArgs({
    options: {
      as: { type: 'string' },
      to: { type: 'string' },
      server: { type: 'string', default: 'http://127.0.0.1:3000' },
      code: { type: 'string' },
      data: { type: 'string', default: './data' },
      state: { type: 'string', default: './.sottovoce-chat' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });

function readOptions(): Options | 'help' {
  const { as, to, server, code, data, state, help } = readArguments(read, USAGE);
  if (help) return 'help';
  const [me, other] = [identifierOf(as ?? ''), identifierOf(to ?? '')];
  if (me === undefined || other === undefined) throw new Friendly(`Say who you are and with whom you talk:\n\n${USAGE}`);
  if (me.value === other.value) throw new Friendly('--as and --to are the same: choose somebody else to talk with.');
  if (!URL.canParse(server) || !/^https?:/.test(server)) throw new Friendly('--server is no http address.');
  return { serverUrl: server.replace(/(?<!\/)\/+$/, ''), me, other, code, data, state };
}

async function codeFor({ code, data, me }: Options, editor: LineEditor, verification: Verification): Promise<string | undefined> {
  if (code !== undefined) return verification.wrongTries === 0 ? code : undefined;
  const known = verification.wrongTries === 0 ? await developmentCode(data, verification) : undefined;
  if (known !== undefined) return known;
  if (verification.wrongTries > 0) editor.print('That code is wrong.');
  else editor.print(`A code was sent to ${me.value}.`);
  return editor.next('code: ');
}

/** The device as it was, if its session still lives; else a new sign-in. */
async function signedIn(options: Options, editor: LineEditor, store: StateStore, events: SessionEvents): Promise<ChatSession> {
  const open = (state: DeviceState) => new ChatSession({ state, store, clock, ids, events });
  const known = await store.load();
  if (known?.refreshToken !== undefined) {
    const session = open(known);
    try {
      await session.rest.get('/v1/me');
      return session;
    } catch (error) {
      if (codeOf(error) !== 'refresh-refused' && codeOf(error) !== 'account-erased') throw error;
    }
  }
  const rest = new RestDoor(options.serverUrl, clock);
  const deviceName = `chat on ${hostname()}`.slice(0, limits.deviceNameCharactersMax);
  const state = await signIn({
    ...{ rest, store, deviceName, identifier: options.me },
    codeFor: (verification) => codeFor(options, editor, verification),
  });
  editor.print(`Signed in as ${options.me.value}.`);
  return open(state);
}

async function conversationWith(session: ChatSession, editor: LineEditor, other: Identifier): Promise<Conversation> {
  const waiting = () => editor.print(`${other.value} has not signed in yet. Waiting; I look again every two seconds.`);
  const accountId = await accountOf({ rest: session.rest, clock, identifier: other, waiting });
  const { conversationId } = await session.rest.post<{ conversationId: string }>('/v1/direct-conversations', { accountId });
  return onceShown(clock, () => session.rest.get<Conversation>(`/v1/conversations/${conversationId}`));
}

async function chat(options: Options, editor: LineEditor): Promise<boolean> {
  const { serverUrl, me, other } = options;
  await new RestDoor(serverUrl, clock).get('/v1/server');
  let room: ChatRoom | undefined;
  const events: SessionEvents = {
    fact: (fact, origin) => room?.fact(fact, origin),
    caughtUp: (isFirst) => room?.caughtUp(isFirst),
    lost: () => room?.lost(),
    ended: (why) => room?.ended(why),
  };
  const session = await signedIn(options, editor, new FileState(options.state, serverUrl, me.value), events);
  try {
    const conversation = await conversationWith(session, editor, other);
    room = new ChatRoom({ session, editor, clock, conversation, other: other.value, serverUrl });
    await room.open();
    await session.start();
    return await room.run();
  } finally {
    await session.stop();
  }
}

async function main(): Promise<number> {
  let editor: LineEditor | undefined;
  let serverUrl = '';
  const rest = stayAlive();
  try {
    const options = readOptions();
    if (options === 'help') {
      console.log(USAGE);
      return 0;
    }
    serverUrl = options.serverUrl;
    editor = new LineEditor({ input: process.stdin, output: process.stdout });
    return (await chat(options, editor)) ? 0 : 1;
  } catch (error) {
    console.error(lineAbout(error, serverUrl));
    return 1;
  } finally {
    editor?.close();
    rest();
  }
}

process.exit(await main());
