/** Goal: nothing that a client can ask for stands outside the limits, and no limit is for something that is gone. */
import { describe, expect, it } from '@jest/globals';
import { toConfig } from '../../src/adapters/config/config.js';
import { readEnv } from '../../src/adapters/config/env.js';
import { classOfFrame, classOfOperation, trafficClasses, trafficLimits } from '../../src/adapters/nest/traffic-limits.js';
import { textOf } from './source-files.js';

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly operationId: string;
  readonly security?: readonly unknown[];
  readonly responses: Readonly<Record<string, { readonly headers?: Readonly<Record<string, unknown>> }>>;
}
interface AsyncApi {
  readonly operations: { readonly sendCommand: { readonly messages: readonly { readonly $ref: string }[] } };
  readonly components: { readonly messages: Readonly<Record<string, { readonly name: string }>> };
}

const documentOf = <Document>(name: string): Document => JSON.parse(textOf(`docs/reference/${name}.json`));
const operations = (): Operation[] => Object.values(documentOf<OpenApi>('openapi').paths).flatMap((path) => Object.values(path));

function frames(): string[] {
  const { operations: done, components } = documentOf<AsyncApi>('asyncapi');
  return done.sendCommand.messages.map(({ $ref }) => components.messages[$ref.split('/').at(-1) ?? '']?.name ?? $ref);
}

describe('limits of traffic', () => {
  it('put every operation of the REST door into one class', () => {
    const ids = operations().map(({ operationId }) => operationId);
    expect(Object.keys(classOfOperation).sort()).toEqual(ids.sort());
  });

  it('put every frame of a client into one class', () => {
    expect(Object.keys(classOfFrame).sort()).toEqual(frames().sort());
  });

  it('count for the account wherever there is one, and for the address everywhere', () => {
    const limits = trafficLimits(toConfig(readEnv({})).traffic);
    for (const { operationId, security = [] } of operations()) {
      const { account, address } = limits[classOfOperation[operationId] ?? 'public'];
      expect([operationId, account !== undefined]).toEqual([operationId, security.length > 0]);
      expect(address?.max).toBeGreaterThanOrEqual(account?.max ?? 1);
    }
    for (const frame of frames()) expect(limits[classOfFrame[frame] ?? 'public'].account).toBeDefined();
  });

  it('have names that differ, and a class for each setting', () => {
    const limits = trafficLimits(toConfig(readEnv({})).traffic);
    const names = trafficClasses.flatMap((name) => Object.values(limits[name]).flatMap((limit) => limit?.name ?? []));
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(toConfig(readEnv({})).traffic).sort()).toEqual([...trafficClasses].sort());
  });

  it('are described with every answer of every operation', () => {
    for (const { responses } of operations()) {
      expect(Object.keys(responses)).toContain('429');
      for (const [status, { headers = {} }] of Object.entries(responses)) {
        expect(Object.keys(headers)).toEqual(expect.arrayContaining(['RateLimit', 'RateLimit-Policy', 'X-RateLimit-Remaining']));
        expect([status, 'Retry-After' in headers]).toEqual([status, status === '429' || status === '503']);
      }
    }
  });
});
