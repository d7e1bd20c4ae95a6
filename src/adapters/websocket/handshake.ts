/**
 * The opening handshake as RFC 6455 (4.2.1) has it. Whatever is wrong with it is refused as a problem, before anything is
 * looked up; the library behind would refuse it in words of its own, and take what is older than the RFC.
 */
import type { IncomingMessage } from 'node:http';
import { ProblemError } from '../nest/problems.js';

const KEY = /^[+/0-9A-Za-z]{22}==$/;
/** A word as RFC 9110 has it; a sub-protocol is one. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The sub-protocols that were offered, in their order; throws a `ProblemError` for what is no handshake. */
export function readHandshake({ method, httpVersion, headers }: IncomingMessage): readonly string[] {
  if (method !== 'GET') throw new ProblemError('method-not-allowed');
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  if (httpVersion !== '1.1' || hasBody) throw refused('');
  if (headers.upgrade?.toLowerCase() !== 'websocket') throw refused('upgrade');
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) throw refused('sec-websocket-key');
  if (headers['sec-websocket-version'] !== '13') throw refused('sec-websocket-version');
  const { 'sec-websocket-protocol': protocols } = headers;
  const offered = protocols === undefined ? [] : protocols.split(',').map((one) => one.trim());
  if (!offered.every((one) => TOKEN.test(one)) || new Set(offered).size < offered.length) throw refused('sec-websocket-protocol');
  return offered;
}

const refused = (header: string): ProblemError =>
  new ProblemError('invalid-request', {
    errors: [{ pointer: header === '' ? '' : `/headers/${header}`, code: 'no-websocket-handshake' }],
  });
