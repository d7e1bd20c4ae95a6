/**
 * Answers that nobody reads: who asks and does not read would have them pile up here. So many requests may be under way on one
 * connection, so many bytes may wait for one network, and a connection that takes nothing for a while is ended.
 */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { networkOf } from '../nest/network.js';
import { ProblemError } from '../nest/problems.js';

export const unreadLimits = {
  /** Asked for before the first of them is answered: few clients ask for even two. */
  underWayMax: 32,
  /** Of answers that one network has not taken; then it gets no more before it has. */
  bytesPerNetworkMax: 128 * 1_024 * 1_024,
  /** Longer than a sync may wait for something to tell. */
  stalledMs: 60_000,
} as const;

export type UnreadLimits = { readonly [Name in keyof typeof unreadLimits]: number };

const RETRY_AFTER_MS = 5_000;

interface Connection {
  underWay: number;
  /** Of its answers, by the network that asked. */
  readonly unread: Map<string, number>;
}

export class UnreadAnswers {
  private readonly bytesOf = new Map<string, number>();
  private readonly connections = new WeakMap<Socket, Connection>();

  constructor(private readonly limits: UnreadLimits = unreadLimits) {}

  watch(fastify: Pick<FastifyInstance, 'addHook'>): void {
    const { underWayMax, bytesPerNetworkMax } = this.limits;
    fastify.addHook('onRequest', async ({ raw: { socket }, ip }, reply) => {
      const connection = this.connectionOf(socket);
      connection.underWay += 1;
      reply.raw.once('close', () => {
        connection.underWay -= 1;
      });
      if (connection.underWay > underWayMax || socket.destroyed) {
        // What stands behind it in the same packet is not answered either.
        socket.destroy();
        reply.hijack();
        return;
      }
      if ((this.bytesOf.get(networkOf(ip)) ?? 0) > bytesPerNetworkMax)
        throw new ProblemError('too-many-requests', { limit: 'unread-answers', retryAfterMs: RETRY_AFTER_MS });
    });
    fastify.addHook('onSend', async ({ raw: { socket }, ip }, reply, payload) => {
      if (socket.destroyed) return payload;
      // A file that is sent counts whole, for as long as it is open.
      const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload);
      const bytes = isWhole ? Buffer.byteLength(payload) : Number(reply.getHeader('content-length') ?? 0);
      const connection = this.connectionOf(socket);
      this.add(connection, networkOf(ip), bytes);
      reply.raw.once('close', () => this.add(connection, networkOf(ip), -bytes));
      return payload;
    });
  }

  /** Of answers that wait behind another one nothing is heard when the connection ends: they go with it. */
  private connectionOf(socket: Socket): Connection {
    const known = this.connections.get(socket);
    if (known !== undefined) return known;
    const connection: Connection = { underWay: 0, unread: new Map() };
    this.connections.set(socket, connection);
    socket.once('close', () => {
      for (const [network, bytes] of connection.unread) this.add(connection, network, -bytes);
    });
    return connection;
  }

  private add({ unread }: Connection, network: string, bytes: number): void {
    // Whatever was taken off with its connection is not taken off again.
    const change = Math.max(bytes, -(unread.get(network) ?? 0));
    for (const counts of [unread, this.bytesOf]) {
      const sum = (counts.get(network) ?? 0) + change;
      if (sum > 0) counts.set(network, sum);
      else counts.delete(network);
    }
  }
}
