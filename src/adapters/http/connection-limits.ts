/**
 * How many connections are held at once, in all and from one network address, whatever they say or do not say. One too many
 * is ended before a byte of it is read. Behind a proxy every connection is the proxy's, and only the first limit holds.
 */
import type { Server, Socket } from 'node:net';

export interface ConnectionLimits {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
}

const IPV6_NETWORK_GROUPS = 4;

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

/** An IPv4 address as it is; of IPv6 the first half, because one household has all of the rest. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [front = '', back] = address.split('::');
  const before = front.split(':').filter((group) => group !== '');
  const after = back === undefined ? [] : back.split(':').filter((group) => group !== '');
  const zeros = back === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, IPV6_NETWORK_GROUPS).join(':');
}
