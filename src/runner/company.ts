import type { Clock } from '../ports/clock.ts';

/** A pause in which more may come. */
export interface Company {
  /** Resolves after `ms`, or at once when nothing more may come. */
  wait(): Promise<void>;
  /** Something came: if it was the last that may come, who waits goes on. */
  came(): void;
}

export function createCompany(
  clock: Pick<Clock, 'sleep'>,
  ms: number,
  mayComeMore: () => boolean,
): Company {
  let alarm: AbortController | undefined;
  return {
    async wait() {
      if (ms === 0 || !mayComeMore()) return;
      alarm = new AbortController();
      await clock.sleep(ms, alarm.signal);
      alarm = undefined;
    },
    came() {
      if (!mayComeMore()) alarm?.abort();
    },
  };
}
