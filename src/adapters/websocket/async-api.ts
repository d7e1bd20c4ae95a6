/** The AsyncAPI 3 document of the socket, from the schemas that the code checks frames with. */
import { z } from 'zod';
import { version } from '../nest/version.js';
import { closeCodes, commandData, SUB_PROTOCOL } from './frames.js';
import { serverFrames } from './server-frames.js';

const pascal = (name: string): string => name.replaceAll(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase());

interface Message {
  readonly name: string;
  readonly title: string;
  readonly contentType: string;
  readonly payload: object;
}

function messageOf(type: string, payload: z.ZodType): [string, Message] {
  const name = `${pascal(type)}Frame`;
  const { $schema: _, ...schema } = z.toJSONSchema(payload, { target: 'draft-7', unrepresentable: 'any' }) as Record<
    string,
    unknown
  >;
  return [name, { name: type, title: name, contentType: 'application/json', payload: schema }];
}

const commandFrame = (type: string, data: z.ZodType): z.ZodType => z.strictObject({ type: z.literal(type), id: z.uuid(), data });

export function asyncApi(): object {
  const sent = Object.fromEntries(Object.entries(commandData).map(([type, data]) => messageOf(type, commandFrame(type, data))));
  const received = Object.fromEntries(Object.entries(serverFrames).map(([type, frame]) => messageOf(type, frame)));
  const references = (messages: object) =>
    Object.fromEntries(Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]));
  const onChannel = (messages: object) => Object.keys(messages).map((name) => ({ $ref: `#/channels/socket/messages/${name}` }));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Sottovoce socket',
      version,
      description:
        `Open with the sub-protocol ${SUB_PROTOCOL} and a bearer token, or with a ticket as the extra sub-protocol ` +
        '`sottovoce.ticket.<ticket>`. The first frame is `hello`, within ten seconds. Ignore server frames of a type that you do not ' +
        'know. In the background (`hello`, `set-background`) messages come at once; how far others have got is held back, the furthest ' +
        'of each, until something else goes out or a minute has passed. After `resync` comes what you did not read in time, then ' +
        '`caught-up`; nothing has to be asked for. Who is taken into a conversation is told it as it is, `conversation-snapshot`, and ' +
        'then the facts from the joining on. `reauth` is answered by `authenticate` before its deadline. The reason of the close ' +
        `codes 1012 and 4429 is how many milliseconds to wait. Close codes: ${Object.entries(closeCodes)
          .map(([name, code]) => `${code} ${name}`)
          .join(', ')}.`,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: { local: { host: '127.0.0.1:3000', protocol: 'ws', description: 'A server as `npm start` gives it' } },
    channels: {
      socket: {
        address: '/v1/socket',
        messages: { ...references(sent), ...references(received) },
        bindings: { ws: { method: 'GET' } },
      },
    },
    operations: {
      sendCommand: {
        action: 'receive',
        channel: { $ref: '#/channels/socket' },
        messages: onChannel(sent),
        summary: 'What a client sends',
      },
      deliver: {
        action: 'send',
        channel: { $ref: '#/channels/socket' },
        messages: onChannel(received),
        summary: 'What the server sends',
      },
    },
    components: { messages: { ...sent, ...received } },
  };
}
