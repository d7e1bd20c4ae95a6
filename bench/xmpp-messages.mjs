/**
 * The stanzas of a send to one who is online, with the text of ours. The ack is that of XEP-0198: ejabberd reads the request
 * for it after it has archived the sender's copy and routed the message, so the copy is on disk by then. The recipient's copy
 * is archived before the message is handed to the recipient's stream.
 */
import { TEXT } from './messages.mjs';

const ID_HEAD = 'bench-00-0000-4000-8000-';
const HEAD = Buffer.from(ID_HEAD);
const NUMBER_DIGITS = 12;
const ACK = Buffer.from(' h=');
const ACK_END = Buffer.from('/>');
const MESSAGE_END = Buffer.from('</message>');
const ASKED = Buffer.from('<r ');
const FAULT = /<stream:error|type='error'|<failed/;

/** A pair as the load wants it: sends by number, and tells the numbers that were acked and delivered. */
export function xmppLane({ from, to }) {
  const ready = Buffer.from(
    `<message type='chat' id='${ID_HEAD}${'0'.repeat(NUMBER_DIGITS)}' to='${to.jid}'><body>${TEXT}</body></message><r xmlns='urn:xmpp:sm:3'/>`,
  );
  const numberAt = ready.indexOf(HEAD) + HEAD.length;
  const waiting = [];
  let acked = 0;
  const lane = {
    onAck: () => undefined,
    onFact: () => undefined,
    send(number) {
      waiting.push(number);
      const stanza = Buffer.from(ready);
      stanza.latin1Write(number.toString(16).padStart(NUMBER_DIGITS, '0'), numberAt);
      from.write(stanza);
    },
    end() {
      for (const socket of [from, to]) socket.end();
    },
  };
  from.onBytes = (bytes) => {
    let used = 0;
    for (;;) {
      const at = bytes.indexOf(ACK, used);
      const end = at < 0 ? -1 : bytes.indexOf(ACK_END, at);
      if (end < 0) break;
      const handled = Number.parseInt(bytes.latin1Slice(at + ACK.length + 1, end), 10);
      for (; acked < handled; acked += 1) lane.onAck(waiting.shift());
      used = end + ACK_END.length;
    }
    if (used === 0) refuseFaults(bytes);
    return used;
  };
  to.onBytes = (bytes) => {
    let used = 0;
    for (;;) {
      const end = bytes.indexOf(MESSAGE_END, used);
      if (end < 0) break;
      const at = bytes.indexOf(HEAD, used) + HEAD.length;
      lane.onFact(Number.parseInt(bytes.latin1Slice(at, at + NUMBER_DIGITS), 16));
      used = end + MESSAGE_END.length;
    }
    if (used === 0) refuseFaults(bytes);
    return used;
  };
  return lane;
}

/** The server may ask how much arrived; nobody here needs to be told. Anything else that is no answer ends the measurement. */
function refuseFaults(bytes) {
  if (!bytes.includes(ASKED) && FAULT.test(bytes.toString())) throw new Error(`The peer answered ${bytes}`);
}
