/**
 * A code sender that remembers what it sent, for tests and simulations.
 * An e-mail address under `.invalid` is undeliverable, as it is everywhere (RFC 2606).
 */
import type { CodeMessage, CodeSender } from '../../application/ports/code-sender.js';
import { Unavailable } from '../../application/ports/failures.js';

export class InMemoryCodeSender implements CodeSender {
  readonly sent: CodeMessage[] = [];
  private closed = false;

  async send(message: CodeMessage): Promise<'sent' | 'undeliverable'> {
    if (this.closed) throw new Unavailable(`Sending the code of verification ${message.verificationId}: the sender is closed.`);
    if (message.identifier.kind === 'email' && message.identifier.value.endsWith('.invalid')) return 'undeliverable';
    this.sent.push(message);
    return 'sent';
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
