/**
 * Kills a process at its n-th call of something outside, before the call is made or after it: from then on every call
 * fails. What the process did before stands; a new one is started over it.
 */
export class Killed extends Error {
  override readonly name = 'Killed';
}

export class KillSwitch {
  calls = 0;
  private killAt = Number.POSITIVE_INFINITY;
  private when: 'before' | 'after' = 'before';

  arm(callsFromNow: number, when: 'before' | 'after'): void {
    this.killAt = this.calls + callsFromNow;
    this.when = when;
  }

  /** The same object, every call of which is counted and may be the last. */
  on<Target extends object>(target: Target): Target {
    return new Proxy(target, {
      get: (_, property) => {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== 'function') return member;
        return (...given: unknown[]) => this.call(() => member.apply(target, given) as Promise<unknown>);
      },
    });
  }

  private async call(act: () => Promise<unknown>): Promise<unknown> {
    this.calls += 1;
    const isLast = this.calls === this.killAt;
    if (this.calls > this.killAt || (isLast && this.when === 'before')) throw new Killed('killed before a call');
    const answer = await act();
    if (isLast) throw new Killed('killed after a call');
    return answer;
  }
}
