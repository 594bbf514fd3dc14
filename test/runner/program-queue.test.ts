import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ExecutionSpec } from '../../src/contract/execution.ts';
import { openRig, type Rig, shell, until } from './rig.ts';

/**
 * Goal: programs beyond the slots wait in their launchers, and never do more run than there are slots.
 * Method: real processes; their input says which of them hang.
 */
let rig: Rig;
beforeAll(() => {
  rig = openRig({ slots: 2, launchers: 2 });
});
afterAll(() => rig.close());

/** Ends at once with input 0; else it waits, and says so. */
const spec: ExecutionSpec = {
  run: shell('read n; [ "$n" = 0 ] || { echo up; exec sleep 1000; }'),
  limits: { graceMs: 0 },
};

const isUp = (key: number): boolean => rig.printed(key).includes('up');

describe('more programs than slots', () => {
  test('run two at a time, whatever number is given', async () => {
    const keys = rig.startAll(spec, new Array(200).fill(0));
    const results = await Promise.all(keys.map((key) => rig.ended(key)));
    // On a machine that stands still for a moment some come back.
    const ran = results.filter(({ outcome }) => outcome !== 'released');
    expect(new Set(ran.map(({ outcome }) => outcome))).toEqual(new Set(['succeeded']));
    const edges = ran.flatMap(({ startedAt, endedAt }) => [
      [startedAt, 1] as const,
      [endedAt, -1] as const,
    ]);
    edges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    let running = 0;
    for (const [, step] of edges) {
      running += step;
      expect(running).toBeLessThanOrEqual(2);
    }
  });

  test('that wait behind some that hang are released', async () => {
    const keys = rig.startAll(spec, [1, 1, 0, 0, 0, 0]);
    const [first = 0, second = 0, ...behind] = keys;
    for (const key of behind) expect((await rig.ended(key)).outcome).toBe('released');
    await until(() => isUp(first) && isUp(second));
    expect(rig.executor.room(spec)).toBe(0);
    rig.executor.cancel([first, second]);
    for (const key of [first, second]) expect((await rig.ended(key)).outcome).toBe('cancelled');
    await until(() => rig.executor.room(spec) === 2);
  });

  test('that wait are cancelled without having run', async () => {
    const [first = 0, second = 0, third = 0] = rig.startAll(spec, [1, 1, 1]);
    rig.executor.cancel([third]);
    expect((await rig.ended(third)).outcome).toBe('cancelled');
    expect(rig.printed(third)).toEqual([]);
    rig.executor.cancel([first, second]);
    for (const key of [first, second]) expect((await rig.ended(key)).outcome).toBe('cancelled');
  });

  test('that wait are given back in a drain', async () => {
    const other = openRig({ slots: 1 });
    const keys = other.startAll(spec, [1, 0, 0]);
    await until(() => other.printed(keys[0] as number).includes('up'));
    await other.executor.drain(10);
    expect(other.results.map(({ outcome }) => outcome)).toEqual(new Array(3).fill('released'));
    await other.close();
  });
});
