/**
 * What can be seen of a world from outside: calls and their answers, frames and pages that reached devices, and at the
 * end what every process shows. It is all that the checker knows, and it is what a run is compared by.
 */
export type Json = Readonly<Record<string, unknown>>;

export type Stage =
  /** A device asks for something; a repetition is a call of its own. */
  | {
      readonly kind: 'call';
      readonly call: number;
      readonly device: string;
      readonly account: string;
      readonly name: string;
      readonly input: Json;
      /** Of those under one key of an account the first counts. */
      readonly key?: string;
    }
  | { readonly kind: 'answer'; readonly call: number; readonly ok: true; readonly data: Json }
  | { readonly kind: 'answer'; readonly call: number; readonly ok: false; readonly code: string; readonly retryable: boolean }
  /** The answer to a request under a key leaves its process, whether anybody hears it or not. */
  | { readonly kind: 'left'; readonly call: number; readonly ok: true; readonly data: Json }
  | { readonly kind: 'left'; readonly call: number; readonly ok: false; readonly code: string; readonly retryable: boolean }
  /** A device has a new socket. */
  | { readonly kind: 'opened'; readonly device: string; readonly account: string; readonly process: number }
  | { readonly kind: 'closed'; readonly device: string; readonly code: number }
  /** A frame of the server, or an item of a sync page: both are facts to a device. */
  | {
      readonly kind: 'fact';
      readonly device: string;
      readonly account: string;
      readonly via: 'socket' | 'page';
      readonly frame: Json;
    }
  /** A device has stored a cursor: what came before it never comes again of itself. */
  | { readonly kind: 'stored'; readonly device: string }
  /** A page of the history, or a resource, as one process shows it; `life` counts its starts from other views. */
  | {
      readonly kind: 'read';
      readonly device: string;
      readonly account: string;
      readonly what: 'messages' | 'conversation' | 'receipts';
      readonly conversationId: string;
      readonly process: number;
      readonly life: number;
      readonly isFinal: boolean;
      readonly askedMs: number;
      readonly data: Json;
    }
  | {
      readonly kind: 'hidden';
      readonly account: string;
      readonly conversationId: string;
      readonly process: number;
      readonly what: string;
    }
  /** A device that has nothing any more, or a new one. */
  | { readonly kind: 'empty'; readonly device: string; readonly account: string }
  | { readonly kind: 'erased'; readonly account: string }
  | { readonly kind: 'defect'; readonly process: number; readonly what: string }
  | { readonly kind: 'quiet' }
  /** It has come to rest for the first time: what is said now meets nobody. */
  | { readonly kind: 'calm' }
  /** A socket is told that facts were dropped, and that they come again from the log. */
  | { readonly kind: 'resync'; readonly device: string }
  /** Faults are over for so long that everything should be at rest. */
  | { readonly kind: 'rest'; readonly stuck: readonly string[] }
  /** What every view of a process holds, and what the log gives when it is folded from its start. */
  | { readonly kind: 'views'; readonly process: number; readonly dump: Json; readonly folded: Json };

export type Recorded = Stage & { readonly atMs: number };

export class History {
  readonly records: Recorded[] = [];
  private calls = 0;

  constructor(private readonly now: () => number) {}

  add(stage: Stage): void {
    this.records.push({ ...stage, atMs: Math.round(this.now() * 1_000) / 1_000 });
  }

  call(device: { readonly deviceId: string; readonly accountId: string }, name: string, input: Json, key?: string): number {
    this.calls += 1;
    const { deviceId, accountId } = device;
    this.add({
      kind: 'call',
      call: this.calls,
      device: deviceId,
      account: accountId,
      name,
      input,
      ...(key !== undefined && { key }),
    });
    return this.calls;
  }
}
