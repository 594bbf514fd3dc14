import type { Clock } from '../ports/clock.ts';

/**
 * Each time that it tells is later than the one before, also when the machine's clock is set back. So two times that one
 * runner wrote down say which was first.
 */
export function risingClock(clock: Clock): Clock {
  let last = 0;
  return {
    now() {
      last = Math.max(last + 1, clock.now());
      return last;
    },
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}
