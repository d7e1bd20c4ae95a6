import type { Duplex } from 'node:stream';

/** The connection under the socket. Whole frames written to it in one turn cannot mix with those that `ws` writes. */
export interface Wire extends Pick<Duplex, 'cork' | 'uncork' | 'writableLength' | 'writableNeedDrain'> {
  write(frame: Buffer, taken?: () => void): boolean;
  once(event: 'drain', drained: () => void): unknown;
}
