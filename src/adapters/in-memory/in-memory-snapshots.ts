/** Snapshots that live as long as the process, as does the log that they shorten. */
import type { Snapshot, Snapshots } from '../../application/ports/snapshots.js';

export class InMemorySnapshots implements Snapshots {
  private readonly kept = new Map<string, Snapshot>();

  async read(stream: string, schema: string): Promise<Snapshot | undefined> {
    const found = this.kept.get(stream);
    return found?.schema === schema ? found : undefined;
  }

  async keep(snapshot: Snapshot): Promise<void> {
    const found = this.kept.get(snapshot.stream);
    if (found?.schema === snapshot.schema && found.revision > snapshot.revision) return;
    this.kept.set(snapshot.stream, snapshot);
  }

  async forget(stream: string): Promise<void> {
    this.kept.delete(stream);
  }
}
