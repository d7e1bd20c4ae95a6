/**
 * An XMPP stream over plain TCP that costs the driver next to nothing: stanzas are bytes that were made before, and what comes
 * is searched for the few bytes that matter. It knows one server's way of writing them, and nothing else of XMPP.
 */
import { connect } from 'node:net';

const ANSWER_WITHIN_MS = 15_000;
const opening = (host) =>
  `<?xml version='1.0'?><stream:stream to='${host}' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`;
const RESOURCE = 'bench';

export class XmppSocket {
  /** Called with all bytes that have not been taken yet; answers how many of them it has used up. */
  onBytes = (bytes) => bytes.length;
  #left = Buffer.alloc(0);

  /** Signed in and bound; `isManaged` asks for acknowledgements (XEP-0198), `isPresent` for messages. */
  static async open({ port, host, user, password, isManaged, isPresent }) {
    const socket = new XmppSocket(connect({ host: '127.0.0.1', port }));
    await socket.ask(opening(host), '</stream:features>');
    const secret = Buffer.from(`\0${user}\0${password}`).toString('base64');
    await socket.ask(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`, '<success');
    await socket.ask(opening(host), '</stream:features>');
    const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${RESOURCE}</resource></bind>`;
    await socket.ask(`<iq type='set' id='bind'>${bind}</iq>`, '</iq>');
    if (isManaged) await socket.ask("<enable xmlns='urn:xmpp:sm:3'/>", '<enabled');
    if (isPresent) await socket.ask('<presence/>', '<presence');
    socket.onBytes = (bytes) => bytes.length;
    socket.#left = Buffer.alloc(0);
    socket.jid = `${user}@${host}/${RESOURCE}`;
    return socket;
  }

  constructor(stream) {
    this.stream = stream;
    stream.setNoDelay(true);
    stream.on('error', () => undefined);
    stream.on('data', (chunk) => {
      const bytes = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk]);
      this.#left = bytes.subarray(this.onBytes(bytes));
    });
  }

  /** Sends, and waits until the answer holds `awaited`. */
  ask(text, awaited) {
    return new Promise((resolve, reject) => {
      const fail = (said) => reject(new Error(`Not ${awaited} but ${said}`));
      const timer = setTimeout(fail, ANSWER_WITHIN_MS, 'silence');
      this.stream.once('close', () => fail('the end of the stream'));
      this.onBytes = (bytes) => {
        if (/<failure|<stream:error|type='error'/.test(bytes)) fail(bytes.toString());
        if (!bytes.includes(awaited)) return 0;
        clearTimeout(timer);
        resolve();
        return bytes.length;
      };
      this.stream.write(text);
    });
  }

  write(bytes) {
    this.stream.write(bytes);
  }

  end() {
    this.onBytes = (bytes) => bytes.length;
    this.stream.destroy();
  }
}
