/**
 * The limits of sockets are constants of the product. A world may have smaller ones, so that a few dozen messages reach
 * them: they hold for all of its processes, until the next world begins.
 */
import { socketLimits } from '../../src/adapters/websocket/frames.js';
import type { SmallSockets } from './plan.js';

const { unsentBytesMax, unsentFramesMax, waitingFactsMax } = socketLimits;

export function makeSmall(
  small: Omit<SmallSockets, 'highWaterBytes'> = { unsentBytesMax, unsentFramesMax, waitingFactsMax },
): void {
  const limits: { -readonly [Name in keyof typeof socketLimits]: number } = socketLimits as never;
  limits.unsentBytesMax = small.unsentBytesMax;
  limits.unsentFramesMax = small.unsentFramesMax;
  limits.waitingFactsMax = small.waitingFactsMax;
}
