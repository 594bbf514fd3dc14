import { expect, test } from '@jest/globals';
import { decodeTime, isValid } from 'ulid';
import { systemClock, systemIds, systemRandom } from '../../src/adapters/system.ts';

test('ids are ULIDs of their time', () => {
  const ids = systemIds();
  const id = ids.next();
  expect(isValid(id)).toBe(true);
  expect(Math.abs(decodeTime(id) - Date.now())).toBeLessThan(1000);
});

test('ids rise, also within a millisecond and when the clock goes back', () => {
  const times = [5, 5, 5, 9, 3, 9, 10, 1_700_000_000_000, 11];
  let call = 0;
  const ids = systemIds(() => times[call++] ?? 1_700_000_000_001 + Math.floor(call / 5000));
  let last = '';
  for (let n = 0; n < 200_000; n++) {
    const id = ids.next();
    if (id <= last) throw new Error(`${id} after ${last}`);
    last = id;
  }
});

test('ids of two processes at the same time differ', () => {
  const [a, b] = [systemIds(() => 1), systemIds(() => 1)];
  expect(new Set(Array.from({ length: 1000 }, () => [a.next(), b.next()]).flat()).size).toBe(2000);
});

test('chance is in [0, 1)', () => {
  for (let n = 0; n < 1000; n++) {
    const drawn = systemRandom.next();
    expect(drawn >= 0 && drawn < 1).toBe(true);
  }
});

test('sleep ends at its time, or at once when it is aborted, before or meanwhile', async () => {
  const begin = systemClock.now();
  await systemClock.sleep(20);
  expect(systemClock.now() - begin).toBeGreaterThanOrEqual(19);
  await systemClock.sleep(60_000, AbortSignal.abort());
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60_000, controller.signal);
  controller.abort();
  await sleeping;
  await systemClock.sleep(-5);
  expect(systemClock.now() - begin).toBeLessThan(5000);
});
