/**
 * Who is told what happens at the doors. Nobody is by default, and then it costs a check; what is told are words of our
 * own tables and spans, never an id, a path or anything that a client has sent.
 */
import type { UseCaseName } from '../../application/use-cases.js';
import type { CorrelationId } from '../../domain/kernel/ids.js';
import type { TrafficClass, TrafficKind } from './traffic-limits.js';

export interface DoorObserver {
  /** A frame or request begins to be answered; what is given back is handed over again with its end. */
  entered?(): object;
  request?(operation: string, status: number, durationMs: number, entry?: object): void;
  frame?(type: string, outcome: string, durationMs: number, entry?: object): void;
  command?(name: UseCaseName, outcome: string, durationMs: number, correlationId: CorrelationId): void;
  socketOpened?(): void;
  socketClosed?(code: number): void;
  upgradeRefused?(reason: string): void;
  /** A limit on traffic has refused, or could not be asked, and then it let pass. */
  limited?(name: TrafficClass, kind: TrafficKind, outcome: 'refused' | 'failed'): void;
}

export const NOBODY: DoorObserver = {};
