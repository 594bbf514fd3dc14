import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Bucket, type Rate, takeTokens } from '../../src/core/token-bucket.ts';

const ahead = 10 * 60_000;
const rates: fc.Arbitrary<Rate> = fc.record({
  count: fc.integer({ min: 1, max: 50 }),
  perMs: fc.integer({ min: 1, max: 60_000 }),
  burst: fc.integer({ min: 1, max: 20 }),
});
const asks = fc.array(
  fc.record({ afterMs: fc.integer({ min: 0, max: 5_000 }), units: fc.integer({ min: 1, max: 4 }) }),
  { minLength: 1, maxLength: 60 },
);

interface Granted {
  readonly at: number;
  readonly units: number;
}

function play(rate: Rate, wishes: readonly { afterMs: number; units: number }[]): Granted[] {
  const granted: Granted[] = [];
  let bucket: Bucket | undefined;
  let now = 1_000_000;
  for (const { afterMs, units } of wishes) {
    now += afterMs;
    const tokens = takeTokens(rate, bucket, units, now, now + ahead);
    if (tokens.kind === 'later') continue;
    bucket = tokens.bucket;
    granted.push({ at: tokens.at, units });
  }
  return granted;
}

test('in any window no more units start than the burst and what the rate gives in it', () => {
  fc.assert(
    fc.property(rates, asks, (drawn, wishes) => {
      const most = Math.max(...wishes.map(({ units }) => units));
      const rate = { ...drawn, burst: Math.max(drawn.burst ?? 1, most) };
      const granted = play(rate, wishes);
      for (const [i, first] of granted.entries())
        for (let j = i, units = 0; j < granted.length; j++) {
          const last = granted[j] as Granted;
          units += last.units;
          const most = (rate.burst ?? 1) + ((last.at - first.at) * rate.count) / rate.perMs;
          expect(units).toBeLessThanOrEqual(most + 1e-6);
        }
    }),
  );
});

test('who asks first starts first, and never before it asked', () => {
  fc.assert(
    fc.property(rates, asks, (rate, wishes) => {
      const times = play(rate, wishes).map(({ at }) => at);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }),
  );
});

test('nobody waits who need not: the same as a bucket that is filled drop by drop', () => {
  const rate = { count: 10, perMs: 1_000, burst: 3 };
  const starts = play(
    rate,
    Array.from({ length: 8 }, () => ({ afterMs: 0, units: 1 })),
  ).map(({ at }) => at - 1_000_000);
  expect(starts).toEqual([0, 0, 0, 100, 200, 300, 400, 500]);
});

test('a rate is kept over a million grants', () => {
  const rate = { count: 100, perMs: 1_000, burst: 10 };
  const times = new Float64Array(1_000_000);
  let bucket: Bucket | undefined;
  let now = 0;
  for (let i = 0; i < times.length; i++) {
    now += i % 1000 === 0 ? 2_000 : 0;
    const tokens = takeTokens(rate, bucket, 1, now, Number.POSITIVE_INFINITY);
    if (tokens.kind === 'granted') {
      bucket = tokens.bucket;
      times[i] = tokens.at;
    }
  }
  let worst = 0;
  for (let i = 0, from = 0; i < times.length; i++) {
    while ((times[i] as number) - (times[from] as number) >= 1_000) from++;
    worst = Math.max(worst, i - from + 1);
  }
  expect(worst).toBeLessThanOrEqual(110);
});

test('beyond the horizon nothing is given, and it says when', () => {
  const rate = { count: 1, perMs: 3_600_000 };
  const first = takeTokens(rate, undefined, 1, 5_000, 5_000 + ahead);
  expect(first).toMatchObject({ kind: 'granted', at: 5_000 });
  const bucket = first.kind === 'granted' ? first.bucket : undefined;
  expect(takeTokens(rate, bucket, 1, 6_000, 6_000 + ahead)).toEqual({
    kind: 'later',
    at: 3_605_000,
  });
});
