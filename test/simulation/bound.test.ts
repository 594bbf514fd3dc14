import { expect, test } from '@jest/globals';
import type { Task } from '../../src/contract/workflow.ts';
import { attemptMs } from './engine/bound.ts';
import type { Profile } from './engine/profile.ts';
import { engineScenario } from './engine/scenario.ts';
import type { Fate } from './world/fates.ts';

test('a world that has come to a standstill is found out within the hour, though it may play for days', async () => {
  const calm = { 'queue-lost': 1 };
  const scenario = engineScenario({ profile: 'cloud', repair: false, deeds: false, calm });
  let stuck = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const { violation, time } = await scenario.play(seed, {});
    if (violation === undefined) continue; // nothing in it had to be sent
    stuck++;
    expect(violation.promise).toBe('P2');
    expect(time).toBeLessThan(3_600_000);
  }
  expect(stuck).toBeGreaterThan(5);
});

test('an attempt is given its own time, that of its loss, and that of the wait after it', () => {
  const profile = {
    settings: { leaseMs: 20_000, visibilityMs: 30_000, heartbeatMs: 6_000, skewMs: 16_000 },
    sweepMs: 5_000,
  } as Profile;
  const task: Task = {
    id: 'a',
    run: { kind: 'command', argv: ['work'] },
    limits: { runMs: 9_000 },
  };
  const fate = { end: 'succeeds', durationMs: 4_000, zombieMs: 0 } as Fate;
  const base = attemptMs(profile, task, fate);
  const more = (other: Partial<Fate>, retry: Task['retry'] = undefined): number =>
    attemptMs(profile, { ...task, retry }, { ...fate, ...other }) - base;
  expect(more({ end: 'hangs' })).toBe(2 * 5_000);
  expect(more({ durationMs: 60_000 })).toBe(2 * 5_000);
  expect(more({ end: 'kills' })).toBeGreaterThan(2 * (20_000 + 30_000));
  expect(more({ zombieMs: 40_000 })).toBe(more({ end: 'kills' }) + 2 * 40_000);
  expect(more({}, { attemptsMax: 2, backoff: { delayMsMin: 2_000 } })).toBe(2 * 16 * 1_000);
});
