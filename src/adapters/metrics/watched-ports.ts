/**
 * Ports with their numbers counted on the way: the store, the limiter and the key store answer what they always did.
 * Whoever holds a port does not know that it is watched.
 */
import { performance } from 'node:perf_hooks';
import type { EventStore } from '../../application/ports/event-store.js';
import { OutcomeUnknown } from '../../application/ports/failures.js';
import type { Ports } from '../../application/ports/ports.js';
import type { RateLimiter } from '../../application/ports/rate-limiter.js';
import type { SubjectKeys } from '../../application/ports/subject-keys.js';
import type { MetricsRegistry } from './registry.js';

const MS = 1_000;
const NOTHING: readonly string[] = [];

export function watchedPorts(ports: Ports, registry: MetricsRegistry): Ports {
  return {
    ...ports,
    eventStore: watchedStore(ports.eventStore, registry),
    rateLimiter: watchedLimiter(ports.rateLimiter, registry),
    keys: watchedKeys(ports.keys, registry),
  };
}

function watchedStore(store: EventStore, registry: MetricsRegistry): EventStore {
  const append: EventStore['append'] = async (writes) => {
    const startedMs = performance.now();
    try {
      const outcomes = await store.append(writes);
      registry.observe('sottovoce_store_append_duration_seconds', (performance.now() - startedMs) / MS);
      for (const [at, { outcome }] of outcomes.entries()) {
        registry.count('sottovoce_store_appends_total', [outcome === 'appended' ? 'ok' : outcome]);
        if (outcome === 'appended') registry.count('sottovoce_store_events_appended_total', NOTHING, writes[at]?.events.length);
      }
      return outcomes;
    } catch (error) {
      registry.count('sottovoce_store_appends_total', [error instanceof OutcomeUnknown ? 'unknown' : 'unavailable']);
      throw error;
    }
  };
  return {
    append,
    remove: (...parameters) => store.remove(...parameters),
    truncate: (...parameters) => store.truncate(...parameters),
    readStream: (...parameters) => store.readStream(...parameters),
    readAll: (...parameters) => store.readAll(...parameters),
    headPosition: () => store.headPosition(),
    appendedAfter: (...parameters) => store.appendedAfter(...parameters),
  };
}

function watchedLimiter(limiter: RateLimiter, registry: MetricsRegistry): RateLimiter {
  return {
    take: async (limit, key, at) => {
      try {
        const grant = await limiter.take(limit, key, at);
        if (!grant.allowed) registry.count('sottovoce_limit_refusals_total', [limit.name]);
        return grant;
      } catch (error) {
        registry.count('sottovoce_limit_failures_total', [limit.name]);
        throw error;
      }
    },
  };
}

function watchedKeys(keys: SubjectKeys, registry: MetricsRegistry): SubjectKeys {
  const timed = async <T>(call: keyof SubjectKeys, run: () => Promise<T>): Promise<T> => {
    const startedMs = performance.now();
    let outcome = 'failed';
    try {
      const answer = await run();
      outcome = 'ok';
      return answer;
    } finally {
      registry.count('sottovoce_key_calls_total', [call, outcome]);
      registry.observe('sottovoce_key_call_duration_seconds', (performance.now() - startedMs) / MS, [call]);
    }
  };
  return {
    register: (subject) => timed('register', () => keys.register(subject)),
    name: (requests) => timed('name', () => keys.name(requests)),
    pair: (one, other) => timed('pair', () => keys.pair(one, other)),
    seal: (requests) => timed('seal', () => keys.seal(requests)),
    open: (values) => timed('open', () => keys.open(values)),
    mac: (requests) => timed('mac', () => keys.mac(requests)),
    fence: (subject) => timed('fence', () => keys.fence(subject)),
    destroy: (subject) => timed('destroy', () => keys.destroy(subject)),
  };
}
