import type { Clock } from '../../../src/ports/clock.ts';
import { Unavailable } from '../../../src/ports/table.ts';

/** Tries again until the port answers, as a patient client does. */
export async function persistently<T>(clock: Clock, call: () => Promise<T>): Promise<T> {
  for (let ms = 100; ; ms = Math.min(ms * 2, 5_000)) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      await clock.sleep(ms);
    }
  }
}
