/** Keeps write-ahead logs short from a thread beside the writers. Without it they are still bounded, by longer pauses. */
import { Worker } from 'node:worker_threads';
import type { CheckpointOrders } from './checkpoint-thread.js';

const EVERY_MS = 250;

export class Checkpoints {
  private readonly over = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  private readonly thread: Worker;
  private readonly ended: Promise<void>;

  constructor(
    files: readonly string[],
    failed: (error: unknown) => void,
    thread = new URL('./checkpoint-thread.js', import.meta.url),
  ) {
    const workerData: CheckpointOrders = { files, everyMs: EVERY_MS, over: this.over };
    // Whatever was preloaded into the process is none of its business.
    this.thread = new Worker(thread, { workerData, execArgv: [] });
    this.thread.unref();
    this.ended = new Promise((resolve) => {
      this.thread.once('exit', () => resolve());
    });
    this.thread.on('error', failed);
  }

  /** Before the files are closed: the last one to close a file removes its log. */
  async stop(): Promise<void> {
    // It keeps no process alive while it works, and this one until it has ended.
    this.thread.ref();
    Atomics.store(this.over, 0, 1);
    Atomics.notify(this.over, 0);
    await this.ended;
  }
}
