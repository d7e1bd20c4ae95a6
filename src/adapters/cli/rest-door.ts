/**
 * The REST door from outside. Every failure is one of two: `Refused` with the server's problem, or `Unreachable`.
 * A token that has run out in between is renewed once and the call made again.
 */
import type { Clock } from '../../application/ports/clock.js';
import { type Page, type Problem, Refused, Unreachable } from './wire.js';

export interface Tokens {
  /** A token that is good for the moment. */
  accessToken(): Promise<string>;
  /** A new one, because this one was refused. */
  renew(refused: string): Promise<string>;
}

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string;
  readonly tokens?: Tokens | undefined;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

const ANSWER_WITHIN_MS = 15_000;
const PAGE_MAX = 200;

export class RestDoor {
  constructor(
    readonly serverUrl: string,
    private readonly clock: Clock,
    private readonly tokens?: Tokens,
  ) {}

  signedInAs(tokens: Tokens): RestDoor {
    return new RestDoor(this.serverUrl, this.clock, tokens);
  }

  async call<Body = unknown>(method: Method, path: string, options: CallOptions = {}): Promise<Answer<Body>> {
    if (this.tokens === undefined) return this.once<Body>(method, path, options);
    const token = await this.tokens.accessToken();
    try {
      return await this.once<Body>(method, path, options, token);
    } catch (error) {
      if (!(error instanceof Refused && error.problem.code === 'unauthenticated')) throw error;
      return this.once<Body>(method, path, options, await this.tokens.renew(token));
    }
  }

  async get<Body>(path: string): Promise<Body> {
    return (await this.call<Body>('GET', path)).body;
  }

  async post<Body>(path: string, body: unknown = {}): Promise<Body> {
    return (await this.call<Body>('POST', path, { body })).body;
  }

  /** All items of a paged list, by following `next` or `previous` to the end. */
  async all<Item>(path: string, direction: 'next' | 'previous' = 'next'): Promise<Item[]> {
    const pages: (readonly Item[])[] = [];
    let token: string | undefined;
    do {
      const query = `limit=${PAGE_MAX}${token === undefined ? '' : `&pageToken=${encodeURIComponent(token)}`}`;
      const page = await this.get<Page<Item>>(`${path}?${query}`);
      if (direction === 'next') pages.push(page.items);
      else pages.unshift(page.items);
      token = direction === 'next' ? page.nextPageToken : page.previousPageToken;
    } while (token !== undefined);
    return pages.flat();
  }

  private async once<Body>(method: Method, path: string, options: CallOptions, token?: string): Promise<Answer<Body>> {
    const text = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const headers = {
      accept: 'application/json',
      ...(text !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const tooLate = new AbortController();
    const answered = new AbortController();
    void this.clock.wait(ANSWER_WITHIN_MS, answered.signal).then(() => tooLate.abort());
    try {
      const init = { method, headers, signal: tooLate.signal, ...(text !== undefined && { body: text }) };
      const response = await fetch(`${this.serverUrl}${path}`, init);
      const answer = await response.text();
      if (response.ok) return { status: response.status, body: read(answer) as Body };
      throw new Refused(problemOf(response.status, answer));
    } catch (cause) {
      if (cause instanceof Refused) throw cause;
      throw new Unreachable(`${method} to ${this.serverUrl} got no answer.`, { cause });
    } finally {
      answered.abort();
    }
  }
}

function read(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Unreachable('The answer is not JSON: is that a Sottovoce server?', { cause });
  }
}

/** Also of an answer that is no problem, as a proxy in between may give one. */
export function problemOf(status: number, text: string): Problem {
  try {
    const problem = JSON.parse(text) as Partial<Problem>;
    if (typeof problem.code === 'string') return { title: problem.code, retryable: status >= 500, ...problem, status } as Problem;
  } catch {
    // It is said below.
  }
  return { status, code: `http-${status}`, title: `The server answered ${status}`, retryable: status >= 500 };
}
