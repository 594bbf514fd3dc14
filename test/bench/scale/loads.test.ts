import { expect, test } from '@jest/globals';
import { keptRows, scaleRows } from '../../../bench/scale/loads.ts';
import type { Part } from '../../../bench/scale/parts.ts';

const part: Part = {
  tableWrites: 2,
  indexWrites: 1,
  reads: 1,
  queueRequests: 0.1,
  deciderInvocations: 0.01,
  deciderSeconds: 0.001,
  runnerInvocations: 0.01,
  apiSeconds: 0.02,
  storedBytes: 500,
};
const rows = scaleRows({ measured: '', wide: part, single: part });
const taken = (load: string, quota: string): number | undefined =>
  rows.find((row) => row.load === load && row.quota === quota)?.takes;

test('a load takes its rate times what a task was counted to take', () => {
  expect(taken('1,000 creates/s', 'table: writes')).toBe(2_000);
  expect(taken('1,000 creates/s', 'Lambda: the API')).toBe(20);
  expect(taken('10,000 starts/s, runs of one task', 'one partition of an index: writes')).toBe(625);
  expect(taken('10,000 starts/s in one run', "the run's partition: writes")).toBe(20_000);
});

test('each row has a limit and says what sets it', () => {
  for (const { limit, setting, takes } of rows) {
    expect(limit).toBeGreaterThan(0);
    expect(takes).toBeGreaterThan(0);
    expect(setting).not.toBe('');
  }
});

test('two years of a KB a task at 10,000 a second are some 646 TB', () => {
  const [table, , objects] = keptRows(10_000, 730);
  expect(table?.terabytes).toBeCloseTo(645.86, 1);
  expect((table?.usdPerMonth ?? 0) / (objects?.usdPerMonth ?? 1)).toBeCloseTo(0.25 / 0.023);
});
