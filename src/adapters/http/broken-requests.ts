/**
 * What is no request, or one that two servers could read differently. It is answered by a problem once everything asked
 * before it on that connection is answered, and the connection ends: nothing behind it is read as a request.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { IdSource } from '../../application/ports/id-source.js';
import { bareAnswer } from '../nest/bare-answer.js';
import type { ProblemCode } from '../nest/problems.js';
import { ProblemError, toProblem } from '../nest/problems.js';

/** What the parser of Node says, and which problem that is; everything else is a wrong request. */
const byParserCode: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'request-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'request-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
};

/** More came after a request that was to be the last one: it is not read. */
const AFTER_THE_LAST = 'HPE_CLOSED_CONNECTION';

export class BrokenRequests {
  private readonly unanswered = new WeakMap<Socket, Set<IncomingMessage>>();
  private readonly broken = new WeakMap<Socket, ProblemCode>();

  constructor(private readonly ids: Pick<IdSource, 'uuid'>) {}

  /** To be called once the server is there: keeps what is unanswered on each connection. */
  watch(server: Server): void {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      const requests = this.unanswered.get(socket) ?? new Set();
      this.unanswered.set(socket, requests.add(request));
      response.once('close', () => {
        requests.delete(request);
        this.end(socket);
      });
    });
    // An expectation other than to go on is answered like any other wrong header, by the handler of requests.
    server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  }

  /** To be given to the server for what its parser refuses. */
  refuse(error: Error & { readonly code?: string }, socket: Socket): void {
    const { code = '' } = error;
    if (code === AFTER_THE_LAST || this.broken.has(socket)) return;
    if (code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    this.broken.set(socket, byParserCode[code] ?? 'invalid-request');
    this.end(socket);
  }

  /** A request that has not come whole is the broken one: it gets no other answer. */
  private isWaitedFor(socket: Socket): boolean {
    return [...(this.unanswered.get(socket) ?? [])].some(({ complete }) => complete);
  }

  private end(socket: Socket): void {
    const code = this.broken.get(socket);
    if (code === undefined || !socket.writable || this.isWaitedFor(socket)) return;
    socket.end(bareAnswer(toProblem(code, this.ids.uuid())), () => socket.destroy());
  }
}

/** False for what the parser lets pass although the standard does not: other versions, no host or two, other expectations. */
export function isHeadFine({ httpVersion, headers, rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]?.toLowerCase() === 'host') hosts += 1;
  const isOfOld = httpVersion === '1.0';
  const isKnown = isOfOld || httpVersion === '1.1';
  const isMet = headers.expect === undefined || headers.expect.toLowerCase() === '100-continue';
  return isKnown && isMet && (hosts === 1 || (hosts === 0 && isOfOld));
}

const JSON_IN_UTF8 = /^application\/json(?:[ \t]*;[ \t]*charset="?utf-8"?)?[ \t]*$/i;

/** A body that says it is something else than plain JSON in UTF-8 is not read as that. */
export function checkBodyType(headers: IncomingMessage['headers']): void {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = headers;
  if (!JSON_IN_UTF8.test(type) || encoding.toLowerCase() !== 'identity') throw new ProblemError('unsupported-media-type');
}
