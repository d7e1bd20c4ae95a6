/** The other end of bench/fan-out.mjs: opens plain sockets, asks for the upgrade, and counts the bytes that come. */
import { connect } from 'node:net';

const [port, count] = process.argv.slice(2).map(Number);
const HEAD =
  'GET / HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
let bytes = 0;
let opened = 0;

for (let index = 0; index < count; index += 1) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.once('connect', () => socket.write(HEAD));
  socket.once('data', () => {
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    opened += 1;
    if (opened === count) process.send({ opened });
  });
}
process.on('message', ({ expected }) => {
  const look = () => {
    if (bytes < expected) return setImmediate(look);
    bytes -= expected;
    process.send({ done: true });
  };
  look();
});
process.on('disconnect', () => process.exit());
