/** The frames of a send, made by putting two ids into bytes that are ready, and found again in what comes back by a number in the id. */
import { randomUUID } from 'node:crypto';
import { textFrame } from './raw-socket.mjs';

const ACK = Buffer.from('{"type":"ack","replyTo":"');
const ERROR = Buffer.from('{"type":"error"');
const FACT = Buffer.from('{"type":"message-posted"');
const MESSAGE_ID = Buffer.from('"messageId":"');
const NUMBER_AT = 24;
const NUMBER_DIGITS = 12;
/** The seed of the text: 64 characters, as short messages are. */
export const TEXT = 'See you at the station at half past seven, platform two, bye!!!!';
const PLACE = '00000000-0000-4000-8000-000000000000';

export const idOf = (number) => randomUUID().slice(0, NUMBER_AT) + number.toString(16).padStart(NUMBER_DIGITS, '0');

/** A maker of frames for one conversation: `(number) => Buffer`, a fresh buffer each time. */
export function sender(conversationId) {
  const data = { conversationId, messageId: PLACE, content: { type: 'text', text: TEXT } };
  const ready = textFrame(JSON.stringify({ type: 'send-message', id: PLACE, data }));
  const idAt = ready.indexOf(PLACE);
  const messageIdAt = ready.indexOf(PLACE, idAt + 1);
  return (number) => {
    const frame = Buffer.from(ready);
    frame.latin1Write(idOf(number), idAt);
    frame.latin1Write(idOf(number), messageIdAt);
    return frame;
  };
}

const starts = (bytes, from, expected) => bytes.compare(expected, 0, expected.length, from, from + expected.length) === 0;
const numberAt = (bytes, from) => Number.parseInt(bytes.latin1Slice(from + NUMBER_AT, from + NUMBER_AT + NUMBER_DIGITS), 16);

/** What a frame says: `ack` and `fact` with the number of the message, or `other`. An error ends the measurement. */
export function recognise(bytes, from, to, { onAck, onFact, onOther = () => undefined }) {
  if (starts(bytes, from, ACK)) onAck(numberAt(bytes, from + ACK.length));
  else if (starts(bytes, from, FACT)) onFact(numberAt(bytes, bytes.indexOf(MESSAGE_ID, from) + MESSAGE_ID.length));
  else if (starts(bytes, from, ERROR)) throw new Error(`The server answered ${bytes.toString('utf8', from, to)}`);
  else onOther(bytes, from, to);
}

/** A pair as the load wants it: sends by number, and tells the numbers that were acked and delivered. */
export function socketLane({ conversationId, from, to }) {
  const frame = sender(conversationId);
  const lane = { onAck: () => undefined, onFact: () => undefined, send: (number) => from.write(frame(number)) };
  const ignore = () => undefined;
  from.onFrame = (bytes, at, end) => recognise(bytes, at, end, { onAck: (number) => lane.onAck(number), onFact: ignore });
  to.onFrame = (bytes, at, end) => recognise(bytes, at, end, { onAck: ignore, onFact: (number) => lane.onFact(number) });
  return lane;
}
