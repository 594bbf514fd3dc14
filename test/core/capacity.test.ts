import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type CapacityDecision,
  type CapacitySettings,
  decideCapacity,
  type PoolLoad,
} from '../../src/core/capacity.ts';
import { chance } from '../../src/core/chance.ts';

const settings: CapacitySettings = {
  runnersMin: 0,
  runnersMax: 100,
  slots: 4,
  startUpMs: 40_000,
  acceptableMs: 10_000,
  serviceMsGuess: 2000,
  launches: { burst: 100, perSecond: 20 },
  billedMsMin: 60_000,
  price: { runnerHour: 0.04, lateHour: 0.2 },
};
const idle: PoolLoad = {
  arrived: 0,
  ended: 0,
  servedMs: 0,
  waiting: 0,
  oldestMs: 0,
  running: 0,
  runningMs: 0,
  ready: 0,
  starting: 0,
  known: [],
};
const decide = (load: Partial<PoolLoad>, own: Partial<CapacitySettings> = {}, now = 0) =>
  decideCapacity({ ...settings, ...own }, undefined, { ...idle, ...load }, now);

/** Asks every five seconds, and has the runners that were wanted at once. */
function play(
  seconds: number,
  loadAt: (second: number, runners: number) => Partial<PoolLoad>,
  own: Partial<CapacitySettings> = {},
): CapacityDecision[] {
  const decisions: CapacityDecision[] = [];
  for (let second = 0; second <= seconds; second += 5) {
    const last = decisions.at(-1);
    const ready = last?.runners ?? 0;
    decisions.push(
      decideCapacity(
        { ...settings, ...own },
        last?.state,
        { ...idle, ready, ...loadAt(second, ready) },
        second * 1000,
      ),
    );
  }
  return decisions;
}
const runnersOf = (decisions: readonly CapacityDecision[]): number[] =>
  decisions.map(({ runners }) => runners);

/** Poisson arrivals of tasks of one second; what finds no slot waits. */
function poisson(perSecond: number, second: number, runners: number): Partial<PoolLoad> {
  const draw = (name: string, mean: number): number => {
    let count = -1;
    for (let left = Math.exp(-mean), product = 1; product > left; count++)
      product *= chance(name, second, count + 1);
    return count;
  };
  const arrived = draw('arrived', perSecond * 5);
  const present = draw('present', perSecond);
  const running = Math.min(present, runners * settings.slots);
  return { arrived, ended: arrived, servedMs: arrived * 1000, running, waiting: present - running };
}

describe('to and from zero', () => {
  test('a pool without work has no runners, and says so', () => {
    expect(decide({})).toMatchObject({ runners: 0, why: 'nothing to do' });
  });

  test('one waiting task calls for one runner', () => {
    expect(decide({ waiting: 1 }).runners).toBe(1);
  });

  test('after the last task the last runner stays as long as a start costs, then goes', () => {
    const runners = runnersOf(play(600, (second) => (second < 100 ? { running: 1 } : {})));
    expect(runners[20]).toBe(1);
    expect(runners.at(-1)).toBe(0);
    const held = 5 * (runners.indexOf(0, 20) - 20);
    expect(held).toBeGreaterThan(60);
    expect(held).toBeLessThan(300);
  });

  test('what is late costs more keeps runners longer, and what may wait keeps none', () => {
    const heldWith = (own: Partial<CapacitySettings>): number =>
      runnersOf(play(3000, (second) => (second < 100 ? { running: 1 } : {}), own)).lastIndexOf(1);
    const usual = heldWith({});
    expect(heldWith({ price: { runnerHour: 0.04, lateHour: 1 } })).toBeGreaterThan(usual);
    expect(heldWith({ acceptableMs: 60_000 })).toBeLessThan(usual);
  });
});

describe('backlog', () => {
  test('is worked off within a start-up after new runners are there', () => {
    expect(decide({ waiting: 800, oldestMs: 1000 }).runners).toBe(10);
  });

  test('calls for no one else while those that are there do it as soon', () => {
    const load = { waiting: 100, oldestMs: 1000, ready: 2 };
    expect(decide(load).runners).toBeLessThanOrEqual(2);
  });

  test('of long tasks calls for no more slots than tasks', () => {
    expect(decide({ waiting: 10 }, { serviceMsGuess: 3_600_000 }).runners).toBe(3);
  });

  test('may take its time where the acceptable wait is long, and less so the older it is', () => {
    const own = { acceptableMs: 600_000 };
    const young = decide({ waiting: 3000, oldestMs: 0 }, own).runners;
    const old = decide({ waiting: 3000, oldestMs: 500_000 }, own).runners;
    expect(young).toBe(3);
    expect(old).toBe(25);
  });

  test('more of it, or older, never means fewer runners', () => {
    fc.assert(
      fc.property(
        aLoad,
        someSettings,
        fc.nat(10_000),
        fc.nat(1_000_000),
        (load, own, more, older) => {
          const before = decideCapacity(own, undefined, load, 0).runners;
          const waiting = load.waiting + more;
          const oldestMs = load.oldestMs + older;
          const after = decideCapacity(own, undefined, { ...load, waiting, oldestMs }, 0).runners;
          expect(after).toBeGreaterThanOrEqual(before);
        },
      ),
    );
  });
});

describe('work that is known to come', () => {
  const level = { at: 200_000, tasks: 10_000, serviceMs: 2000 };

  test('has its runners ordered a start-up ahead, and no sooner', () => {
    const runners = runnersOf(play(200, () => ({ known: [level] }), { runnersMax: 1000 }));
    expect(runners[29]).toBe(0);
    const first = runners.findIndex((n) => n > 0) * 5;
    expect(first).toBeGreaterThanOrEqual(145);
    expect(first).toBeLessThanOrEqual(160);
    expect(runners.at(-1)).toBe(250);
  });

  test('is the reason given', () => {
    expect(decide({ known: [{ ...level, at: 1000 }] }).why).toContain('10000 tasks are known');
  });

  test('is forgotten when it is done: what was known does not come again', () => {
    const runners = runnersOf(
      play(400, (second) => (second <= 200 ? { known: [level] } : {}), { runnersMax: 1000 }),
    );
    expect(runners[41]).toBe(250);
    expect(runners[50]).toBe(0);
  });

  test('that is overdue is waited for', () => {
    expect(decide({ known: [level] }, {}, 900_000).runners).toBe(100);
  });
});

const count = fc.oneof(fc.nat(50), fc.nat(1_000_000));
const aLoad: fc.Arbitrary<PoolLoad> = fc.record({
  arrived: count,
  ended: count,
  servedMs: count,
  waiting: count,
  oldestMs: count,
  running: count,
  runningMs: count,
  ready: fc.nat(200),
  starting: fc.nat(200),
  known: fc.array(fc.record({ at: fc.nat(1_000_000), tasks: count, serviceMs: count }), {
    maxLength: 3,
  }),
});
const someSettings: fc.Arbitrary<CapacitySettings> = fc
  .record({
    runnersMin: fc.nat(5),
    more: fc.nat(300),
    slots: fc.integer({ min: 1, max: 100 }),
    startUpMs: fc.integer({ min: 1, max: 120_000 }),
    acceptableMs: fc.integer({ min: 1, max: 600_000 }),
    serviceMsGuess: fc.integer({ min: 1, max: 600_000 }),
    burst: fc.integer({ min: 1, max: 1000 }),
    perSecond: fc.integer({ min: 1, max: 100 }),
    billedMsMin: fc.nat(120_000),
    lateHour: fc.double({ min: 0, max: 100, noNaN: true }),
  })
  .map(({ more, burst, perSecond, lateHour, ...own }) => ({
    ...own,
    runnersMax: own.runnersMin + more,
    launches: { burst, perSecond },
    price: { runnerHour: 1, lateHour },
  }));

describe('whatever is counted', () => {
  /**
   * Goal: no count, however absurd, and no history breaks a bound.
   * Method: draw settings and a history of loads, and look at each decision.
   */
  test('the bounds and the launch quota hold, and no runner is taken from running work', () => {
    fc.assert(
      fc.property(someSettings, fc.array(aLoad, { minLength: 1, maxLength: 10 }), (own, loads) => {
        let state: CapacityDecision['state'] | undefined;
        loads.forEach((load, n) => {
          const have = load.ready + load.starting;
          const quota = own.launches.burst;
          const { runners, why, state: after } = decideCapacity(own, state, load, n * 5000);
          expect(Number.isInteger(runners)).toBe(true);
          expect(runners).toBeGreaterThanOrEqual(own.runnersMin);
          expect(runners).toBeLessThanOrEqual(own.runnersMax);
          expect(runners).toBeLessThanOrEqual(Math.max(own.runnersMin, have + quota));
          const busy = Math.ceil(load.running / own.slots);
          if (busy <= have) expect(runners).toBeGreaterThanOrEqual(Math.min(busy, own.runnersMax));
          expect(why).not.toBe('');
          state = JSON.parse(JSON.stringify(after));
        });
      }),
    );
  });

  test('counts that are no numbers count as none', () => {
    const absurd = [Number.NaN, Number.POSITIVE_INFINITY, -5, 1e300];
    for (const n of absurd) {
      const load = { ...idle, arrived: n, ended: n, servedMs: n, waiting: n, oldestMs: n };
      const known = [{ at: n, tasks: n, serviceMs: n }];
      const rest = { running: n, runningMs: n, ready: n, starting: n, known };
      expect(decide({ ...load, ...rest })).toMatchObject({ runners: 0 });
    }
  });

  test('over time no more is launched than the quota grants', () => {
    const decisions = play(60, () => ({ waiting: 1_000_000 }), {
      runnersMax: 10_000,
      launches: { burst: 50, perSecond: 2 },
    });
    runnersOf(decisions).forEach((runners, n) => {
      expect(runners).toBeLessThanOrEqual(50 + n * 10);
    });
    expect(decisions[0]?.why).toContain('launch quota');
  });

  test('the same arguments give the same decision', () => {
    fc.assert(
      fc.property(someSettings, aLoad, (own, load) => {
        expect(decideCapacity(own, undefined, load, 7)).toEqual(
          decideCapacity(own, undefined, load, 7),
        );
      }),
    );
  });
});

describe('a steady stream', () => {
  test('is served by about what it needs, without coming and going', () => {
    for (const perSecond of [2, 8, 40]) {
      const runners = runnersOf(
        play(7200, (second, runners) => poisson(perSecond, second, runners)),
      ).slice(120);
      const turns = runners.filter((n, i) => i > 0 && n !== runners[i - 1]).length;
      expect(Math.min(...runners) * 4).toBeGreaterThan(perSecond);
      expect(Math.max(...runners) * 4).toBeLessThanOrEqual(
        perSecond + 6 + 3 * Math.sqrt(perSecond),
      );
      expect(turns).toBeLessThanOrEqual(8);
    }
  });

  test('is the reason given', () => {
    const [last] = play(300, (second, runners) => poisson(8, second, runners)).slice(-1);
    expect(last?.why).toMatch(/tasks\/s of 1\.\d s/);
  });
});

describe('bounds', () => {
  test('the minimum stays without work, the maximum however much waits', () => {
    expect(decide({}, { runnersMin: 3 })).toMatchObject({ runners: 3 });
    const { runners, why } = decide({ waiting: 1_000_000 }, { runnersMax: 7 });
    expect(runners).toBe(7);
    expect(why).toContain('the maximum');
  });

  test('a lower maximum lets runners drain', () => {
    expect(decide({ running: 40, ready: 10 }, { runnersMax: 2 }).runners).toBe(2);
  });
});
