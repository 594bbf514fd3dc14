import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for what comes by and by: asks again until it is so, or throws after `ms` with what was wanted. */
export async function until(
  wanted: string,
  isSo: () => boolean | Promise<boolean>,
  settle: () => Promise<void> = async () => {},
  ms = 240_000,
): Promise<void> {
  const end = performance.now() + ms;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`still not so after ${ms} ms: ${wanted}`);
    await settle();
    await sleep(1);
  }
}

/** Lets so much happen that what is not there by then did not come at once. */
export const aWhile = (): Promise<void> => sleep(30);
