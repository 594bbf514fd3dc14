import { describe, expect, test } from '@jest/globals';
import { WarmSpec, warmSpecOf } from '../../src/runner/warm-spec.ts';

const run = { kind: 'snippet', language: 'node', code: 'return 1' } as const;

function learned(...durations: number[]): WarmSpec {
  const spec = new WarmSpec({ run }, run);
  for (const ms of durations) spec.learn(ms);
  return spec;
}
const times = (count: number, ms: number) => Array.from({ length: count }, () => ms);

describe('how much may wait', () => {
  const cases: [string, WarmSpec, (count: number) => boolean][] = [
    ['nothing of what is unknown', learned(), (count) => count === 0],
    ['nothing of what is hardly known', learned(0.01, 0.01), (count) => count === 0],
    ['nothing of what is long', learned(...times(100, 30)), (count) => count === 0],
    [
      'some milliseconds of what is short',
      learned(...times(100, 1)),
      (count) => count >= 5 && count <= 20,
    ],
    [
      'at most 2,000 calls',
      learned(...times(100, 0.0001)),
      (count) => count > 1000 && count <= 2000,
    ],
    [
      'nothing after a call that was very long',
      learned(...times(100, 0.01), 900),
      (count) => count === 0,
    ],
    [
      'much again when the long call was an exception',
      learned(...times(100, 0.01), 900, ...times(2000, 0.01)),
      (count) => count > 300,
    ],
    [
      'hardly less for a short pause now and then',
      learned(...times(20, 0).flatMap(() => [...times(50, 0.01), 1])),
      (count) => count > 300,
    ],
  ];
  test.each(cases)('%s', (_, spec, want) => {
    expect(want(spec.prefetch(0))).toBe(true);
  });

  test('is less where work waits already', () => {
    const spec = learned(...times(100, 1));
    expect(spec.prefetch(5)).toBeLessThan(spec.prefetch(0));
    expect(spec.prefetch(1000)).toBe(0);
  });
});

test('calls share a process when language, concurrency, environment and code are the same', () => {
  const key = (spec: Parameters<typeof warmSpecOf>[0]) => warmSpecOf(spec)?.key;
  const other = { ...run, code: 'return 2' };
  expect(key({ run })).toBe(key({ run: other }));
  expect(key({ run, env: { A: '1', B: '2' } })).toBe(key({ run, env: { B: '2', A: '1' } }));
  const apart = [
    { run },
    { run, env: { A: '1' } },
    { run, code: { folder: '/a' } },
    { run: { ...run, concurrency: 2 } },
    { run: { ...run, language: 'python' as const } },
  ].map(key);
  expect(new Set(apart).size).toBe(apart.length);
});

test('programs are not run warm', () => {
  expect(warmSpecOf({ run: { kind: 'shell', line: 'true' } })).toBeUndefined();
  expect(warmSpecOf({ run: { ...run, language: 'shell' } })).toBeUndefined();
});
