/** What every store of snapshots promises. Goal: a later state stays, and what cannot be trusted is not there. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Snapshot, Snapshots } from '../../src/application/ports/snapshots.js';
import type { EventId } from '../../src/domain/kernel/ids.js';

export interface SnapshotsUnderTest {
  readonly snapshots: Snapshots;
  /** Changes the state that is kept of a stream behind the store's back, where that can be done. */
  damage?(stream: string): void;
  close(): Promise<void>;
}

const STREAM = 'conversation-a';
const at = (revision: number, schema = 'v1', stream = STREAM): Snapshot => ({
  ...{ stream, revision, schema },
  eventId: `event-${revision}` as EventId,
  state: JSON.stringify({ seq: revision, text: 'é"' }),
});

export function snapshotsContract(name: string, open: () => Promise<SnapshotsUnderTest>): void {
  describe(`Snapshots: ${name}`, () => {
    let under: SnapshotsUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());
    const read = (schema = 'v1', stream = STREAM) => under.snapshots.read(stream, schema);

    it('What was kept of a stream under a schema; nothing under another schema.', async () => {
      await under.snapshots.keep(at(7));
      expect(await read()).toEqual(at(7));
      expect(await read('v2')).toBeUndefined();
      expect(await read('v1', 'conversation-b')).toBeUndefined();
    });

    it('What was damaged is as if it had never been kept.', async () => {
      await under.snapshots.keep(at(7));
      await under.snapshots.keep(at(3, 'v1', 'conversation-b'));
      under.damage?.(STREAM);
      expect(await read()).toEqual(under.damage === undefined ? at(7) : undefined);
      expect(await read('v1', 'conversation-b')).toEqual(at(3, 'v1', 'conversation-b'));
      await under.snapshots.keep(at(7));
      expect(await read()).toEqual(at(7));
    });

    it('Keeps one state of a stream, in the place of an earlier one.', async () => {
      await under.snapshots.keep(at(7));
      await under.snapshots.keep(at(9));
      expect(await read()).toEqual(at(9));
    });

    it('A state of an earlier revision does not replace a later one of the same schema.', async () => {
      await under.snapshots.keep(at(9));
      await under.snapshots.keep(at(7));
      expect(await read()).toEqual(at(9));
    });

    it('A state under another schema replaces whatever is kept.', async () => {
      await under.snapshots.keep(at(9));
      await under.snapshots.keep(at(7, 'v2'));
      expect(await read('v2')).toEqual(at(7, 'v2'));
      expect(await read()).toBeUndefined();
    });

    it('Keeps nothing of the stream; a second time changes nothing.', async () => {
      await under.snapshots.keep(at(9));
      await under.snapshots.keep(at(3, 'v1', 'conversation-b'));
      for (let time = 0; time < 2; time += 1) {
        await under.snapshots.forget(STREAM);
        expect(await read()).toBeUndefined();
      }
      expect(await read('v1', 'conversation-b')).toEqual(at(3, 'v1', 'conversation-b'));
      await under.snapshots.keep(at(2));
      expect(await read()).toEqual(at(2));
    });
  });
}
