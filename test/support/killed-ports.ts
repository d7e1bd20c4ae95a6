/**
 * Ports of a process that dies at one of its steps, before or after it is done: from there on nothing answers any more.
 * A step is a call that changes a store.
 */
import type { Ports } from '../../src/application/ports/ports.js';

export class Killed extends Error {
  override readonly name = 'Killed';
}

const STEPS: { readonly [Port in keyof Ports]?: readonly (keyof Ports[Port])[] } = {
  credentials: ['openVerification', 'spendCode', 'issueRefresh', 'revokeDevice', 'rotateRefresh'],
  directory: ['reserve'],
  keys: ['register', 'destroy'],
  eventStore: ['append', 'remove'],
};

export interface Killing {
  readonly ports: Ports;
  /** The steps that were begun, by name. */
  readonly steps: readonly string[];
}

export function killedAt(ports: Ports, step: number, when: 'before' | 'after'): Killing {
  const steps: string[] = [];
  let isDead = false;
  const dying =
    (name: string, call: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]) => {
      if (isDead) throw new Killed(`Dead before ${name}`);
      steps.push(name);
      const isLast = steps.length === step;
      if (isLast) isDead = true;
      if (isLast && when === 'before') throw new Killed(`Killed before ${name}`);
      const answer = await call(...args);
      if (isLast) throw new Killed(`Killed after ${name}`);
      return answer;
    };
  const wrapped = Object.entries(STEPS).map(([name, methods]) => {
    const port = ports[name as keyof Ports] as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const dyingPort = new Proxy(port, {
      get: (target, method: string) => {
        const call = target[method]!;
        if (typeof call !== 'function') return call;
        const bound = call.bind(target);
        return (methods as readonly string[]).includes(method) ? dying(`${name}.${method}`, bound) : bound;
      },
    });
    return [name, dyingPort];
  });
  return { ports: { ...ports, ...Object.fromEntries(wrapped) }, steps };
}
