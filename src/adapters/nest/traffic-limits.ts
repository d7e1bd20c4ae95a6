/**
 * TABLE traffic: into which class of limits each operation of the REST door and each frame of the socket falls. What costs
 * alike is counted together, through whichever door it comes, for the account and for the network that asks (ADR 0024).
 * Classes and the names of their limits are stored names: metrics, problems and headers hang on them.
 */
import type { Limit } from '../../application/ports/rate-limiter.js';

export const TRAFFIC_WINDOW_MS = 60_000;

export const trafficClasses = ['sign-in', 'public', 'send', 'write', 'receipt', 'read', 'sync', 'ephemeral'] as const;
export type TrafficClass = (typeof trafficClasses)[number];

/** Whose requests are counted together. */
export const trafficKinds = ['account', 'address'] as const;
export type TrafficKind = (typeof trafficKinds)[number];

/** How many in a window. Before sign-in there is no account to count for. */
export interface TrafficMax {
  readonly accountMax?: number;
  readonly addressMax: number;
}
export type TrafficMaxima = Readonly<Record<TrafficClass, TrafficMax>>;

export const classOfOperation: Readonly<Record<string, TrafficClass>> = {
  startVerification: 'sign-in',
  completeVerification: 'sign-in',
  refreshSession: 'sign-in',
  getServer: 'public',
  sendMessage: 'send',
  removeMessage: 'write',
  createDirect: 'write',
  createGroup: 'write',
  addMember: 'write',
  removeMember: 'write',
  leaveConversation: 'write',
  changeProfile: 'write',
  renameDevice: 'write',
  revokeDevice: 'write',
  markRead: 'receipt',
  confirmReceived: 'receipt',
  findAccount: 'read',
  getConversation: 'read',
  getDevice: 'read',
  getMe: 'read',
  getMessage: 'read',
  listConversations: 'read',
  listDevices: 'read',
  listMembers: 'read',
  listMessages: 'read',
  listReceipts: 'read',
  issueSocketTicket: 'sync',
  sync: 'sync',
};

export const classOfFrame: Readonly<Record<string, TrafficClass>> = {
  hello: 'sync',
  'send-message': 'send',
  'remove-message': 'write',
  'mark-read': 'receipt',
  received: 'receipt',
  'set-background': 'ephemeral',
  authenticate: 'ephemeral',
};

/** Of paths that are no operation: pages, documents, and what does not exist. */
export const CLASS_OF_OTHER_PATHS: TrafficClass = 'public';
/** Of frames that this server does not know. */
export const CLASS_OF_OTHER_FRAMES: TrafficClass = 'ephemeral';
/** Opening a socket leads to a sync. */
export const CLASS_OF_UPGRADES: TrafficClass = 'sync';

export type TrafficLimits = Readonly<Record<TrafficClass, Readonly<Record<TrafficKind, Limit | undefined>>>>;

export function trafficLimits(maxima: TrafficMaxima): TrafficLimits {
  const limitOf = (name: TrafficClass, kind: TrafficKind, max: number | undefined): Limit | undefined =>
    max === undefined ? undefined : { name: `${name}-by-${kind}`, max, windowMs: TRAFFIC_WINDOW_MS };
  const rows = trafficClasses.map((name) => {
    const { accountMax, addressMax } = maxima[name];
    return [name, { account: limitOf(name, 'account', accountMax), address: limitOf(name, 'address', addressMax) }] as const;
  });
  return Object.fromEntries(rows) as unknown as TrafficLimits;
}
