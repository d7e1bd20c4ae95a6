/** What a client of a crash programme gets for a request: an answer, a refusal, or nothing because the server died. */
import type { Frame } from '../support/person.js';

export type Reply =
  | { readonly outcome: 'ok'; readonly status: number; readonly data: Frame }
  | { readonly outcome: 'refused'; readonly status: number; readonly code: string; readonly isRetryable: boolean }
  | { readonly outcome: 'cut' };

export const CUT: Reply = { outcome: 'cut' };

export const refusedBy = (problem: Frame, status: number): Reply => ({
  outcome: 'refused',
  status: problem?.status ?? status,
  code: problem?.code ?? 'none',
  isRetryable: problem?.retryable === true,
});

export async function call(url: string, method: string, path: string, body?: object, token?: string): Promise<Reply> {
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  try {
    const answer = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    const data = text === '' ? undefined : JSON.parse(text);
    return answer.ok ? { outcome: 'ok', status: answer.status, data } : refusedBy(data, answer.status);
  } catch {
    return CUT;
  }
}
