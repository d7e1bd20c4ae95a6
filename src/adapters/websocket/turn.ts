/** What is written to sockets within one turn of the event loop leaves together, with one write for each socket. */
export interface Flushed {
  flush(): void;
}

export class Turn {
  private waiting: Flushed[] = [];

  /** After all that is under way in this turn; whoever comes twice is flushed twice. */
  flushLater(one: Flushed): void {
    if (this.waiting.push(one) === 1) process.nextTick(this.end);
  }

  private readonly end = (): void => {
    const due = this.waiting;
    this.waiting = [];
    for (const one of due) one.flush();
  };
}
