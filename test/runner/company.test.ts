import { expect, test } from '@jest/globals';
import { createCompany } from '../../src/runner/company.ts';

/** A clock whose sleeps end when they are told to, or aborted. */
function openClock() {
  const ends: (() => void)[] = [];
  const sleep = (_ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      ends.push(resolve);
      signal?.addEventListener('abort', () => resolve());
    });
  return { clock: { sleep }, ends };
}

test('who is alone does not wait', async () => {
  const { clock, ends } = openClock();
  await createCompany(clock, 100, () => false).wait();
  await createCompany(clock, 0, () => true).wait();
  expect(ends).toEqual([]);
});

test('who may have company waits for it, until the last has come', async () => {
  const { clock } = openClock();
  let more = 2;
  const company = createCompany(clock, 100, () => more > 0);
  let waited = false;
  const waiting = company.wait().then(() => {
    waited = true;
  });
  more = 1;
  company.came();
  await Promise.resolve();
  expect(waited).toBe(false);
  more = 0;
  company.came();
  await waiting;
});

test('company that does not come is not waited for longer', async () => {
  const { clock, ends } = openClock();
  const waiting = createCompany(clock, 100, () => true).wait();
  ends[0]?.();
  await waiting;
});
