/**
 * How many connections are held at once, in all and from one network address, whatever they say or do not say. One too many
 * is ended before a byte of it is read. Behind a proxy every connection is the proxy's, and only the first limit holds.
 */
import type { Server, Socket } from 'node:net';
import { networkOf } from '../nest/network.js';

export interface ConnectionLimits {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
}

export function limitConnections(server: Server, { connectionsMax, connectionsPerAddressMax }: ConnectionLimits): void {
  server.maxConnections = connectionsMax;
  const held = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    const count = held.get(network) ?? 0;
    if (count >= connectionsPerAddressMax) {
      socket.destroy();
      return;
    }
    held.set(network, count + 1);
    socket.once('close', () => {
      const left = (held.get(network) ?? 1) - 1;
      if (left === 0) held.delete(network);
      else held.set(network, left);
    });
  });
}
