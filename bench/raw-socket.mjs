/**
 * A WebSocket client that costs the driver next to nothing: it upgrades by hand, writes frames that were made before with a
 * mask of zeros, and hands out each frame as the bytes that came, without a copy and without looking into them.
 */
import { connect } from 'node:net';

const KEY = Buffer.alloc(16, 7).toString('base64');
const REAUTH = Buffer.from('{"type":"reauth"');
/** The byte that tells it from nearly all other frames. */
const REAUTH_AT = 9;
const [TEXT, CLOSE, PING] = [1, 8, 9];

/** A masked text frame. The mask is zero: what is sent is what is read. */
export function textFrame(payload) {
  return clientFrame(TEXT, Buffer.from(payload));
}

function clientFrame(opcode, bytes) {
  const { length } = bytes;
  const head =
    length < 126 ? Buffer.from([0x80 | opcode, 0x80 | length]) : Buffer.from([0x80 | opcode, 0xfe, length >> 8, length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), bytes]);
}

export class RawSocket {
  /** Called with (bytes, from, to) for each text frame. */
  onFrame = () => undefined;
  onClose = () => undefined;
  /** Called when the server asks for a newer token. */
  onReauth = () => undefined;
  #left;

  static open(address, { path = '/', headers = {}, localAddress } = {}) {
    const { hostname, port } = new URL(address);
    return new Promise((resolve, reject) => {
      const stream = connect({ host: hostname, port: Number(port), ...(localAddress && { localAddress }) });
      const socket = new RawSocket(stream);
      stream.setNoDelay(true);
      let head = Buffer.alloc(0);
      const reading = (chunk) => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        stream.off('data', reading);
        if (!head.subarray(0, 12).toString().endsWith('101')) return reject(new Error(`Upgrade refused: ${head}`));
        stream.on('data', (bytes) => socket.read(bytes));
        resolve(socket);
        if (head.length > end + 4) setImmediate(() => socket.read(head.subarray(end + 4)));
      };
      stream.on('data', reading);
      stream.on('error', reject);
      stream.on('close', () => {
        reject(new Error('The connection was closed.'));
        socket.isOver = true;
        socket.onClose();
      });
      const given = Object.entries({ Host: hostname, Upgrade: 'websocket', Connection: 'Upgrade', ...headers });
      const lines = [...given, ['Sec-WebSocket-Key', KEY], ['Sec-WebSocket-Version', '13']].map((pair) => pair.join(': '));
      stream.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    });
  }

  constructor(stream) {
    this.stream = stream;
  }

  write(frame) {
    this.stream.write(frame);
  }

  end() {
    this.stream.destroy();
  }

  read(chunk) {
    const bytes = this.#left === undefined ? chunk : Buffer.concat([this.#left, chunk]);
    this.#left = undefined;
    let at = 0;
    while (at + 2 <= bytes.length) {
      let length = bytes[at + 1] & 127;
      let from = at + 2;
      if (length === 126) {
        if (from + 2 > bytes.length) break;
        length = bytes.readUInt16BE(from);
        from += 2;
      } else if (length === 127) {
        if (from + 8 > bytes.length) break;
        length = Number(bytes.readBigUInt64BE(from));
        from += 8;
      }
      if (from + length > bytes.length) break;
      const opcode = bytes[at] & 15;
      if (opcode === TEXT) {
        if (bytes[from + REAUTH_AT] === REAUTH[REAUTH_AT] && REAUTH.equals(bytes.subarray(from, from + REAUTH.length)))
          this.onReauth();
        else this.onFrame(bytes, from, from + length);
      } else if (opcode === PING) this.write(clientFrame(10, bytes.subarray(from, from + length)));
      else if (opcode === CLOSE) this.closeReason = bytes.subarray(from, from + length).toString();
      at = from + length;
    }
    if (at < bytes.length) this.#left = at === 0 ? bytes : bytes.subarray(at);
  }
}
