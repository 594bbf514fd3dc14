import { describe, expect, test } from '@jest/globals';
import { Problem } from '../../src/contract/problem.ts';
import type { Decider } from '../../src/engine/advance.ts';
import { capacityKey, tickKey } from '../../src/engine/items.ts';
import { scale } from '../../src/engine/scale.ts';
import { scaleQueue } from '../../src/engine/scale-ticks.ts';
import { type Item, Unavailable } from '../../src/ports/table.ts';
import { Fleet, fargate } from '../support/fleet.ts';
import { openScene, runnerA, workOf } from '../support/scene.ts';

/** How often a series goes up after it went down, or down after it went up. */
function turns(series: readonly number[]): number {
  const steps = series.slice(1).map((value, i) => Math.sign(value - (series[i] as number)));
  const moves = steps.filter((step) => step !== 0);
  return moves.filter((move, i) => i > 0 && move !== moves[i - 1]).length;
}

describe('a burst', () => {
  test('gets runners from zero, up to as many as there may be, and none is left after it', async () => {
    const fleet = new Fleet(20_000, { runnersMax: 12 });
    const told = await fleet.play(900, async (second) => {
      if (second === 30) await fleet.send(400);
    });
    expect(told[29]).toEqual({ wanted: 0, running: 0, waiting: 0, held: 0 });
    expect(told[30]?.wanted).toBe(12);
    expect(Math.max(...fleet.asked)).toBe(12);
    // 400 tasks of 20 s in 48 slots take 9 rounds, after a start-up.
    const done = told.findIndex(({ waiting, held }, i) => i > 30 && waiting + held === 0);
    expect(done).toBeLessThanOrEqual(30 + 40 + 9 * 20 + 5);
    expect(told.at(-1)).toEqual({ wanted: 0, running: 0, waiting: 0, held: 0 });
    expect(turns([0, ...fleet.asked])).toBe(1);
  });

  test('of few and short tasks gets few runners', async () => {
    const fleet = new Fleet(1_000);
    await fleet.play(600, async (second) => {
      if (second === 7) await fleet.send(20);
    });
    expect(Math.max(...fleet.asked)).toBeLessThanOrEqual(2);
    expect(fleet.asked.at(-1)).toBe(0);
  });

  test('after another finds the same again', async () => {
    const fleet = new Fleet(20_000);
    const told = await fleet.play(1600, async (second) => {
      if (second === 30 || second === 800) await fleet.send(100);
    });
    const peak = (from: number, to: number) =>
      Math.max(...told.slice(from, to).map(({ wanted }) => wanted));
    expect(peak(30, 800)).toBeGreaterThan(5);
    expect(peak(800, 1600)).toBeGreaterThan(5);
    expect(told[799]?.running).toBe(0);
    expect(told.at(-1)?.running).toBe(0);
  });
});

test('a steady stream is served without going up and down', async () => {
  const fleet = new Fleet(10_000);
  const told = await fleet.play(900, async (second) => {
    if (second >= 60 && second % 2 === 0) await fleet.send(2);
  });
  // A task a second of 10 s is ten slots.
  const steady = told.slice(400).map(({ wanted }) => wanted);
  expect(Math.min(...steady)).toBeGreaterThanOrEqual(3);
  expect(Math.max(...steady)).toBeLessThanOrEqual(8);
  expect(turns(steady)).toBeLessThanOrEqual(4);
  expect(Math.max(...told.slice(400).map(({ waiting }) => waiting))).toBeLessThanOrEqual(10);
});

test('a minimum is kept without work, and looked at once a minute only', async () => {
  const fleet = new Fleet(1_000, { runnersMin: 3 });
  const told = await fleet.play(600);
  expect(told.at(-1)).toEqual({ wanted: 3, running: 3, waiting: 0, held: 0 });
  expect(fleet.asked).toEqual([3]);
  expect(fleet.scaled).toHaveLength(10);
});

describe('ticks', () => {
  const waiting = async ({ ports }: Decider): Promise<number> =>
    (await ports.queue.depth(scaleQueue)).waiting;

  test('follow each other every five seconds while there is work, and end with it', async () => {
    const fleet = new Fleet(30_000);
    await fleet.play(300, async (second) => {
      if (second === 30) await fleet.send(1);
    });
    const busy = fleet.ticks;
    expect(busy).toBeGreaterThan(60 / 5);
    expect(busy).toBeLessThanOrEqual(300 / 5);
    await fleet.play(600);
    const idle = fleet.ticks;
    await fleet.play(600);
    expect(fleet.ticks).toBe(idle);
  });

  test('are one row, however often somebody calls, and however often a tick comes', async () => {
    const fleet = new Fleet(30_000);
    const names: (string | undefined)[] = [];
    await fleet.play(100, async () => {
      await fleet.send(1);
      const tick = await fleet.decider.ports.table.get(tickKey('main'));
      names.push(tick?.data.tick as string | undefined);
      // One that was delivered before comes once more.
      if (names.length > 20) await fleet.scale(names.at(-15));
    });
    expect(new Set(names).size).toBeLessThanOrEqual(100 / 5 + 2);
  });

  test('begin again within a minute when one is lost', async () => {
    const fleet = new Fleet(600_000);
    const { queue } = fleet.decider.ports;
    await fleet.play(10, async (second) => {
      if (second === 3) await fleet.send(1);
    });
    const lose = async () => {
      const options = { queues: [scaleQueue], max: 10, waitMs: 0, visibilityMs: 1000 };
      await queue.remove((await queue.take(options)).map(({ receipt }) => receipt));
    };
    await fleet.play(20, lose);
    const lost = fleet.ticks;
    await fleet.play(70);
    expect(fleet.ticks).toBeGreaterThan(lost);
    expect(await waiting(fleet.decider)).toBeLessThanOrEqual(1);
  });
});

/** A pool of which nothing runs, and ten tasks wait for it. */
async function withBacklog(ports: Partial<Decider['ports']> = {}) {
  const scene = openScene();
  await scene.ports.queue.send(
    Array.from({ length: 10 }, () => ({ queue: 'tasks-slow', body: {} })),
  );
  const asked: number[] = [];
  const provisioner = {
    read: async () => ({ wanted: asked.at(-1) ?? 0, running: 0 }),
    set: async (_: string, runners: number) => void asked.push(runners),
  };
  const { decider } = scene.decider({ ...scene.ports, provisioner, ...ports });
  return { decider, asked, scene };
}
const pools = { slow: fargate };

describe('what is decided', () => {
  test('is saved before it is asked for, and asked for again when that failed', async () => {
    const asked: number[] = [];
    let down = true;
    const { decider } = await withBacklog({
      provisioner: {
        read: async () => ({ wanted: asked.at(-1) ?? 0, running: 0 }),
        set: async (_, runners) => {
          if (down) throw new Unavailable('not now');
          asked.push(runners);
        },
      },
    });
    const { decisions, failures } = await scale(decider, pools);
    expect([decisions, failures.map(({ pool }) => pool)]).toEqual([[], ['slow']]);
    const saved = await decider.ports.table.get(capacityKey('main', 'slow'));
    down = false;
    await scale(decider, pools);
    expect(asked).toEqual([saved?.data.runners]);
  });

  test('by two at once is asked for by one', async () => {
    const { decider, asked } = await withBacklog();
    await Promise.all([scale(decider, pools), scale(decider, pools)]);
    expect(asked).toHaveLength(1);
  });

  test('for one pool is decided though another cannot be looked at', async () => {
    const { decider, asked, scene } = await withBacklog();
    const { provisioner } = decider.ports;
    const read = async (pool: string) => {
      if (pool === 'gone') throw new Error('it is not there');
      return provisioner.read(pool);
    };
    const both = scene.decider({ ...decider.ports, provisioner: { ...provisioner, read } });
    const { decisions, failures } = await scale(both.decider, { gone: fargate, ...pools });
    expect(decisions.map(({ pool }) => pool)).toEqual(['slow']);
    expect(failures.map(({ pool }) => pool)).toEqual(['gone']);
    expect(asked).toHaveLength(1);
  });

  test('says why', async () => {
    const { decider } = await withBacklog();
    const { decisions } = await scale(decider, pools);
    expect(decisions[0]?.why).toContain('10 tasks wait');
    const saved = await decider.ports.table.get(capacityKey('main', 'slow'));
    expect(saved?.data.why).toBe(decisions[0]?.why);
  });

  test('begins anew when what was remembered is gone', async () => {
    const { decider, asked } = await withBacklog();
    await scale(decider, pools);
    const saved = (await decider.ports.table.get(capacityKey('main', 'slow'))) as Item;
    await decider.ports.table.remove(saved, 'any');
    await scale(decider, pools);
    expect(new Set(asked).size).toBe(1);
  });

  test('does not heed runners whose lease has lapsed', async () => {
    const { decider, scene } = await withBacklog();
    await scene.beat(runnerA, [[0, 1]]);
    scene.pass(60_000);
    await scale(decider, { default: fargate });
    const saved = await decider.ports.table.get(capacityKey('main', 'default'));
    expect(saved?.data.runners).toBe(0);
  });
});

test('a level gets its runners before it is ready', async () => {
  const scene = openScene();
  const asked: number[] = [];
  const provisioner = {
    read: async () => ({ wanted: asked.at(-1) ?? 0, running: 0 }),
    set: async (_: string, runners: number) => void asked.push(runners),
  };
  const parts = Array.from({ length: 40 }, (_, i) =>
    workOf(`part${i}`, { needs: ['first'], pool: 'slow' }),
  );
  await scene.submit([workOf('first'), ...parts]);
  await scene.fold();
  const { decider } = scene.decider({ ...scene.ports, provisioner });
  await scale(decider, pools);
  expect(asked).toEqual([]);
  await scene.beat(runnerA, [[0, 1]]);
  const { decisions } = await scale(decider, pools);
  expect(decisions[0]).toMatchObject({ busy: true, why: '40 tasks are known to come' });
  expect(asked[0]).toBeGreaterThan(0);
});

test('a run that cannot be read is no reason not to decide', async () => {
  const scene = openScene();
  await scene.submit([workOf('first'), workOf('second', { needs: ['first'] })]);
  await scene.fold();
  await scene.beat(runnerA, [[0, 1]]);
  const get = async () => {
    throw new Problem('data-damaged', 'the blob is damaged');
  };
  const { decider } = scene.decider({ ...scene.ports, blobs: { ...scene.ports.blobs, get } });
  const { decisions } = await scale(decider, { default: fargate });
  expect(decisions).toMatchObject([{ pool: 'default', busy: true }]);
});
