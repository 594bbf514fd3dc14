import { mayPass } from '../engine/passing.ts';
import type { Ports } from '../ports/ports.ts';

const retryMs = 50;

/** Does it again until it works: for what a runner has begun and must not leave half done. */
export async function insist<T>(ports: Pick<Ports, 'clock'>, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!mayPass(error)) throw error;
      await ports.clock.sleep(retryMs);
    }
  }
}
