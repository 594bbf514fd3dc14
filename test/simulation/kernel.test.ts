import { describe, expect, test } from '@jest/globals';
import { Unavailable } from '../../src/ports/table.ts';
import { Actor } from './kernel/actor.ts';
import { playBatch } from './kernel/batch.ts';
import { faultRatesMax, faults, type Rates } from './kernel/faults.ts';
import { Kernel, type KernelOptions } from './kernel/kernel.ts';
import type { Life } from './kernel/life.ts';
import { Stream } from './kernel/random.ts';
import { fewest, shrink, story } from './kernel/shrink.ts';
import { portsOf, simulatedSystem } from './kernel/system.ts';
import { type Bugs, toyScenario } from './toy.ts';

const calm = { seed: 1, faultsUntil: 0, timeMax: 3_600_000 };

/** Every rate zero but these, which are as high as the seed draws them: so seeds differ, and one that draws some is taken. */
const only = (rates: Partial<Rates>): Rates => ({
  ...(Object.fromEntries(faults.map((fault) => [fault, 0])) as Rates),
  ...rates,
});

describe('time', () => {
  test('is virtual: a year of sleep takes no time, and order is by time, then by call', async () => {
    const kernel = new Kernel({ ...calm, timeMax: 1e12 });
    const seen: string[] = [];
    const sleeper = (name: string, ms: number) =>
      new Actor(kernel, name, async (life) => {
        await life.clock.sleep(ms);
        seen.push(name);
      });
    sleeper('year', 366 * 86_400_000);
    sleeper('hour', 3_600_000);
    sleeper('hour too', 3_600_000);
    await kernel.run();
    expect(seen).toEqual(['hour', 'hour too', 'year']);
    expect(kernel.violation).toBeUndefined();
  });

  test('of actors is skewed by up to 8 s, and never that of the machine', async () => {
    const kernel = new Kernel(calm);
    const skews = Array.from(
      { length: 50 },
      (_, n) => new Actor(kernel, `a${n}`, async () => {}).skewMs,
    );
    expect(Math.max(...skews)).toBeGreaterThan(4_000);
    expect(Math.min(...skews)).toBeLessThan(-4_000);
    expect(Math.max(...skews.map(Math.abs))).toBeLessThanOrEqual(8_000);
    await kernel.run();
  });

  test('that a run may take is bounded, and so are its events', async () => {
    const idle = new Kernel({ ...calm, timeMax: 1_000 });
    new Actor(idle, 'a', (life) => life.clock.sleep(2_000));
    await idle.run();
    expect(idle.violation?.promise).toBe('liveness');
    const busy = new Kernel({ ...calm, eventsMax: 1_000 });
    new Actor(busy, 'a', async (life) => {
      for (;;) await life.clock.sleep(0);
    });
    await busy.run();
    expect(busy.violation?.promise).toBe('livelock');
  });
});

describe('an actor', () => {
  test('that is dead hears nothing more, and comes back as another incarnation', async () => {
    const kernel = new Kernel(calm);
    const heard: string[] = [];
    const actor = new Actor(kernel, 'a', async (life) => {
      heard.push(`${life.name} starts`);
      await life.clock.sleep(1_000);
      heard.push(`${life.name} slept`);
    });
    kernel.after(500, () => actor.kill('for the test'));
    await kernel.run();
    expect(heard).toEqual(['a.1 starts', 'a.2 starts', 'a.2 slept']);
  });

  test('that is frozen hears late, and then all of it', async () => {
    const kernel = new Kernel(calm);
    let woke = 0;
    const actor = new Actor(kernel, 'a', async (life) => {
      await life.clock.sleep(100);
      woke = kernel.time;
    });
    kernel.after(50, () => actor.life?.freeze(10_000));
    await kernel.run();
    expect(woke).toBe(10_050);
  });

  test('that is frozen, and frozen on, hears what fell due in that order', async () => {
    const kernel = new Kernel(calm);
    const heard: number[] = [];
    const actor = new Actor(kernel, 'a', async (life) => {
      for (const ms of [0.1, 0.2, 0.3, 30.7, 45.1, 60.1])
        life.settle(ms, () => {
          heard.push(ms);
        });
      await life.clock.sleep(200);
    });
    kernel.after(0.05, () => actor.life?.freeze(50.3));
    kernel.after(40, () => actor.life?.freeze(33.33));
    await kernel.run();
    expect(heard).toEqual([0.1, 0.2, 0.3, 30.7, 45.1, 60.1]);
  });

  test('that throws what is not Unavailable breaks a promise', async () => {
    const kernel = new Kernel(calm);
    new Actor(kernel, 'a', () => Promise.reject(new TypeError('a bug')));
    await kernel.run();
    expect(kernel.violation).toMatchObject({ promise: 'exception' });
  });

  test('has ids that rise and are its own, also when its clock goes back', async () => {
    const kernel = new Kernel(calm);
    const ids: string[][] = [];
    for (const name of ['a', 'b', 'c'])
      new Actor(kernel, name, async (life) => {
        const mine: string[] = [];
        for (let i = 0; i < 50; i++) {
          mine.push(life.ids.next(), life.ids.next());
          await life.clock.sleep(10);
        }
        ids.push(mine);
      });
    kernel.after(200, () => undefined);
    await kernel.run();
    expect(new Set(ids.flat()).size).toBe(300);
    for (const mine of ids) expect([...mine].sort()).toEqual(mine);
    expect(ids[0]?.[0]).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  });
});

describe('hidden inputs', () => {
  const inputs: readonly (readonly [string, () => unknown])[] = [
    ['Date.now', () => Date.now()],
    ['new Date()', () => new Date()],
    ['Math.random', () => Math.random()],
    ['setTimeout', () => setTimeout(() => {}, 1)],
    ['setImmediate', () => setImmediate(() => {})],
    ['fetch', () => fetch('http://localhost')],
    ['performance.now', () => performance.now()],
    ['process.nextTick', () => process.nextTick(() => {})],
    ['crypto.randomUUID', () => crypto.randomUUID()],
    ['AbortSignal.timeout', () => AbortSignal.timeout(1)],
  ];
  test.each(inputs)('%s is caught, also when its caller swallows the error', async (name, use) => {
    const kernel = new Kernel(calm);
    new Actor(kernel, 'a', async (life) => {
      await life.clock.sleep(1);
      try {
        use();
      } catch {}
    });
    await kernel.run();
    expect(kernel.violation).toEqual({
      promise: 'hidden-input',
      message: `simulated code called ${name}`,
    });
    expect(Date.now()).toBeGreaterThan(0);
  });

  test('a date that is given its time is none', async () => {
    const kernel = new Kernel(calm);
    const texts: string[] = [];
    new Actor(kernel, 'a', async () => void texts.push(new Date(0).toISOString()));
    await kernel.run();
    expect(texts).toEqual(['1970-01-01T00:00:00.000Z']);
  });
});

/** Plays seeds until one has shown what is looked for. */
async function seek(
  rates: Partial<Rates>,
  play: (kernel: Kernel) => () => boolean,
  options: Partial<KernelOptions> = {},
): Promise<boolean> {
  for (let seed = 1; seed <= 300; seed++) {
    const kernel = new Kernel({
      ...calm,
      faultsUntil: 600_000,
      ratesMax: only(rates),
      ...options,
      seed,
    });
    const shown = play(kernel);
    await kernel.run();
    expect(kernel.violation).toBeUndefined();
    if (shown()) return true;
  }
  return false;
}

describe('faults happen', () => {
  const keys = Array.from({ length: 6 }, (_, n) => ({ partition: 'p', sort: `k${n}` }));
  const itemOf = (n: number) => ({
    ...(keys[n] as { partition: string; sort: string }),
    version: 1,
    data: {},
  });

  /** How a call under one fault ended, and what it left behind, then and at the end. */
  function afterPut(kernel: Kernel) {
    const system = simulatedSystem(kernel);
    const seen = { unavailable: false, there: false, later: false, died: false };
    const one = async (life: Life) => {
      try {
        await portsOf(system, life).table.put(itemOf(0), 'any');
      } catch (error) {
        seen.unavailable = error instanceof Unavailable;
        seen.there = system.table.get(itemOf(0)) !== undefined;
      }
    };
    const actor = new Actor(kernel, 'a', one, { restarts: false });
    kernel.after(30_000, () => {
      seen.later = system.table.get(itemOf(0)) !== undefined;
      seen.died = actor.life === undefined && !seen.unavailable;
    });
    return seen;
  }
  const outcomes = [
    ['throttle', { unavailable: true, there: false, later: false }],
    ['ambiguous', { unavailable: true, there: true, later: true }],
    ['straggler', { unavailable: true, there: false, later: true }],
    ['crash-before', { unavailable: false, later: false, died: true }],
    ['crash-after', { unavailable: false, later: true, died: true }],
    ['outage', { unavailable: true, later: false }],
  ] as const;
  test.each(outcomes)('%s', async (fault, want) => {
    const rate = fault === 'outage' ? 400 : 1;
    const found = await seek(
      { [fault]: rate },
      (kernel) => {
        const seen = afterPut(kernel);
        const as = Object.fromEntries(Object.keys(want).map((key) => [key, true]));
        return () => JSON.stringify(pickKeys(seen, as)) === JSON.stringify(pickKeys(want, as));
      },
      fault === 'outage' ? { faultsUntil: 2_000 } : {},
    );
    expect(found).toBe(true);
  });

  test('a call for many is applied in part, before it fails or its caller dies', async () => {
    const ends = { failed: false, died: false };
    for (const end of ['failed', 'died'] as const) {
      ends[end] = await seek({ partial: 1 }, (kernel) => {
        const system = simulatedSystem(kernel);
        let [applied, failed] = [0, false];
        const puts = keys.map((_, n) => ({ item: itemOf(n), condition: 'absent' as const }));
        const main = (life: Life) =>
          portsOf(system, life)
            .table.putMany(puts)
            .then(
              () => {},
              () => {
                failed = true;
              },
            );
        new Actor(kernel, 'a', main, { restarts: false });
        kernel.after(60_000, () => {
          applied = [...system.table.all()].length;
        });
        return () => applied > 0 && applied < keys.length && failed === (end === 'failed');
      });
    }
    expect(ends).toEqual({ failed: true, died: true });
  });

  test('a query may see a later put and not an earlier one', async () => {
    const torn = await seek({ torn: 1 }, (kernel) => {
      const system = simulatedSystem(kernel);
      let seen = '';
      new Actor(kernel, 'writer', async (life) => {
        const { table } = portsOf(system, life);
        for (const n of [1, 3, 0, 2, 4]) {
          await table.put(itemOf(n), 'any');
          await life.clock.sleep(100);
        }
      });
      new Actor(kernel, 'reader', async (life) => {
        const { table } = portsOf(system, life);
        while (!seen.includes('4')) {
          const { items } = await table.query({ partition: 'p' });
          seen = items.map(({ sort }) => sort[1]).join('');
          if (seen.includes('2') && !seen.includes('0')) return;
        }
      });
      return () => seen.includes('2') && !seen.includes('0');
    });
    expect(torn).toBe(true);
  });

  test('every other one is seen by the toy', async () => {
    const result = await playBatch(toyScenario({}), { from: 1, seeds: 60, sometimes: toyFaults });
    expect(result).toMatchObject({ violations: [], never: [], unsteady: [] });
  });

  test('none, once faults have ceased', async () => {
    const kernel = new Kernel({ ...calm, seed: 3, faultsUntil: 0 });
    const system = simulatedSystem(kernel);
    let answered = 0;
    new Actor(kernel, 'a', async (life) => {
      const { table } = portsOf(system, life);
      for (; answered < 1_000; answered++) await table.get(itemOf(0));
    });
    await kernel.run();
    expect(answered).toBe(1_000);
    expect(kernel.counters.entries()).toEqual([]);
  });
});

/** The toy has no indexes, no queries, and nothing that expires; two faults are only for those who ask. */
const unseen = [
  'unsynced-lost',
  'index-late',
  'page-cut',
  'expiry-late',
  'queue-lost',
  'feed-discarded',
];
const toyFaults = faults.filter((fault) => !unseen.includes(fault) && faultRatesMax[fault] > 0);

const pickKeys = (from: object, keys: object) =>
  Object.fromEntries(Object.keys(keys).map((key) => [key, (from as Record<string, unknown>)[key]]));

describe('a seed', () => {
  test('is played the same way each time, word by word, and others are not', async () => {
    const play = (seed: number) => toyScenario({}).play(seed, { trace: true });
    const [a, again, b] = [await play(5), await play(5), await play(6)];
    expect(a.trace?.length).toBeGreaterThan(50);
    expect(again.trace).toEqual(a.trace);
    expect(b.digest).not.toBe(a.digest);
  });

  test('has all of its 53 bits in its streams', () => {
    const first = (seed: number) => new Stream(seed, 'x').next();
    const firsts = new Set([1, 2 ** 31 + 1, 2 ** 32 + 1, 2 ** 40 + 1, 2 ** 52 + 1].map(first));
    expect(firsts.size).toBe(5);
  });
});

describe('bugs', () => {
  const bugs: readonly (readonly [string, Bugs, string])[] = [
    ['an unconditional verdict', { blindVerdict: true }, 'one-verdict'],
    ['a message removed too early', { earlyRemove: true }, 'liveness'],
    ['a swallowed error', { swallowedError: true }, 'liveness'],
    ['the clock of the machine', { ownClock: true }, 'hidden-input'],
  ];
  test.each(bugs)('%s is found and told in at most 40 lines', async (_what, bug, promise) => {
    const scenario = toyScenario(bug);
    const { violations } = await playBatch(scenario, { from: 1, seeds: 200, twiceEvery: 1000 });
    const found = violations[0];
    expect(found?.violation?.promise).toBe(promise);
    if (found === undefined) return;
    const shrunk = await shrink(scenario, found);
    expect(shrunk.report.violation?.promise).toBe(promise);
    expect(shrunk.kept.length).toBeLessThan(found.parts.length);
    expect(story(shrunk).split('\n').length).toBeLessThanOrEqual(40);
  });

  test('a planned fault that is never seen is told', async () => {
    const { never } = await playBatch(toyScenario({}), {
      from: 1,
      seeds: 2,
      sometimes: ['no such'],
    });
    expect(never).toEqual(['no such']);
  });
});

test('the fewest parts that fail are found', async () => {
  const parts = Array.from({ length: 100 }, (_, n) => n);
  const needed = [3, 50, 97];
  const kept = await fewest(parts, async (rest) => needed.every((n) => rest.includes(n)));
  expect(kept).toEqual(needed);
  expect(await fewest(parts, async () => true)).toEqual([]);
});

test('crashes are told by where in the code they struck', async () => {
  const report = await toyScenario({}).play(4, { crashSites: true });
  const sites = report.counters.entries().filter(([name]) => name.startsWith('crash-after at '));
  expect(sites.length).toBeGreaterThan(0);
  for (const [name] of sites)
    expect(name).toMatch(/at (test\/simulation\/toy\.ts:\d+|feed\.(batch|done))$/);
});
