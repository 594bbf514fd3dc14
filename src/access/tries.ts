import { recordsOf } from '../engine/records.ts';
import { type AccessPorts, kinds, type Place } from './items.ts';
import { hashOf } from './secrets.ts';
import { decideTry, type Tries, tryPolicies } from './throttle.ts';

/** Counts tries where all servers see them. */
export function createTries(ports: AccessPorts, place: Place) {
  const records = recordsOf<Tries>(ports, place, kinds.tries);
  const id = (...words: string[]) => hashOf(JSON.stringify(words)).toLowerCase();
  const countersOf = (name: string, from: string) =>
    [
      [tryPolicies.pair, id('pair', name, from)],
      [tryPolicies.address, id('address', from)],
      [tryPolicies.name, id('name', name)],
    ] as const;
  return {
    /** How long to wait before the next try; 0: this one is counted, and may be made. */
    async mayTry(name: string, from: string): Promise<number> {
      for (const [policy, key] of countersOf(name, from)) {
        let waitMs = 0;
        const now = ports.clock.now();
        await records.change(
          key,
          (before) => {
            const decided = decideTry(policy, before, now);
            waitMs = decided.kind === 'wait' ? decided.waitMs : 0;
            return decided.kind === 'try' ? decided.tries : undefined;
          },
          now + policy.forgetMs,
        );
        if (waitMs > 0) return waitMs;
      }
      return 0;
    },
    async succeeded(name: string, from: string): Promise<void> {
      const [, [, address]] = countersOf(name, from);
      await records.remove(id('pair', name, from));
      await records.change(address, (before) => before && { ...before, count: before.count - 1 });
    },
  };
}
