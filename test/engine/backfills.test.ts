import { describe, expect, test } from '@jest/globals';
import { Unavailable } from '../../src/ports/table.ts';
import {
  began,
  everyMinute,
  instant,
  lasting,
  minuteMs,
  scheduleHome,
  slotsOf,
  soon,
} from '../support/schedule-home.ts';

/** A schedule that began to count an hour ago; the last ten minutes are wanted. */
const anHourAgo = began - 60 * minuteMs;
const lastTen = { from: began - 10 * minuteMs, to: began };
const daily = { ...everyMinute, timing: { everyMs: minuteMs, start: anHourAgo } };

async function homeWith(request = daily, wrap?: Parameters<typeof scheduleHome>[1]) {
  const home = scheduleHome({}, wrap);
  await home.schedules.put('tick', { ...request, catchUp: { policy: 'none' } });
  await home.schedules.pause('tick');
  return home;
}

describe('a backfill', () => {
  test('makes exactly the runs that its dry run has named', async () => {
    const home = await homeWith();
    const plan = await soon(home.schedules.backfills.plan('tick', lastTen), home.time);
    expect([plan.starts, plan.skips]).toEqual([10, 0]);
    expect(await home.runs()).toEqual([]);
    const { id } = await soon(home.schedules.backfills.begin('tick', lastTen), home.time);
    await home.live(60);
    const runs = await home.runs();
    expect(runs.map((run) => run.id)).toEqual(plan.steps.map(({ run }) => run));
    expect(slotsOf(runs)).toEqual(Array.from({ length: 10 }, (_, n) => `23:5${n}`));
    expect(runs[0]?.tags).toContain(`backfill:${id}`);
    expect(await home.schedules.backfills.show('tick', id)).toMatchObject({
      state: 'done',
      slots: 10,
      started: 10,
      skipped: 0,
      left: 0,
      open: [],
    });
  });

  test('starts nothing for slots that have a run, unless it is asked to', async () => {
    const home = await homeWith();
    const { backfills } = home.schedules;
    await soon(backfills.begin('tick', { ...lastTen, to: began - 5 * minuteMs }), home.time);
    await home.live(30);
    expect(await soon(backfills.plan('tick', lastTen), home.time)).toMatchObject({
      starts: 5,
      skips: 5,
    });
    const failed = await soon(backfills.plan('tick', { ...lastTen, again: 'failed' }), home.time);
    expect(failed.starts).toBe(5);
    const again = { ...lastTen, again: 'all', order: 'newest', parallel: 3 } as const;
    const plan = await soon(backfills.plan('tick', again), home.time);
    expect([plan.starts, plan.steps[0]?.slot]).toEqual([10, began - minuteMs]);
    expect(plan.steps.filter(({ found }) => found === 'succeeded')).toHaveLength(5);
    await soon(backfills.begin('tick', again), home.time);
    await home.live(60);
    expect(await home.runs()).toHaveLength(15);
  });

  test('has no more runs open than it may, goes on as they end, and can be paused and ended', async () => {
    const home = await homeWith({ ...daily, workflow: lasting });
    const { backfills } = home.schedules;
    const { id } = await soon(
      backfills.begin('tick', { ...lastTen, parallel: 2, order: 'newest' }),
      home.time,
    );
    await home.live(20);
    const two = await home.runs();
    expect(slotsOf(two)).toEqual(['23:58', '23:59']);
    expect((await backfills.pause('tick', id)).state).toBe('paused');
    for (const run of two) await soon(home.engine.control(run.id, { action: 'cancel' }), home.time);
    await home.live(60);
    expect(await home.runs()).toHaveLength(2);
    expect((await backfills.resume('tick', id)).state).toBe('active');
    await home.live(60);
    expect(slotsOf(await home.runs()).sort()).toEqual(['23:56', '23:57', '23:58', '23:59']);
    await backfills.remove('tick', id);
    await expect(backfills.show('tick', id)).rejects.toMatchObject({ code: 'schedule-unknown' });
    await home.live(90);
    expect(await home.runs()).toHaveLength(4);
  });

  test('asked for twice under one name is one; under the same name for something else it is refused', async () => {
    const home = await homeWith();
    const { backfills } = home.schedules;
    const id = home.ports.ids.next();
    const [one, two] = await soon(
      Promise.all([1, 2].map(() => backfills.begin('tick', lastTen, id))),
      home.time,
    );
    expect(one?.id).toBe(two?.id);
    await expect(
      soon(backfills.begin('tick', { ...lastTen, parallel: 9 }, id), home.time),
    ).rejects.toMatchObject({ code: 'key-reused' });
    expect((await backfills.list('tick')).items).toHaveLength(1);
    expect((await home.schedules.list({})).items.map(({ name }) => name)).toEqual(['tick']);
  });

  test.each(['before', 'after'])('survives a table that fails %s it is written', async (when) => {
    let left = 3;
    const home = await homeWith(daily, (ports) => ({
      ...ports,
      table: {
        ...ports.table,
        async putMany(puts) {
          const fails = puts.some(({ item }) => item.partition.includes('SCHEDULES')) && left-- > 0;
          if (fails && when === 'before') throw new Unavailable('no');
          const results = await ports.table.putMany(puts);
          if (fails) throw new Unavailable('lost');
          return results;
        },
      },
    }));
    await soon(home.schedules.backfills.begin('tick', lastTen), home.time);
    await home.live(200);
    expect(home.failures.length).toBeGreaterThan(0);
    expect(await home.runs()).toHaveLength(10);
  });

  test.each([
    [{ from: began, to: began - 1 }, '/from'],
    [{ from: began, to: began + minuteMs }, '/to'],
    [{ from: 0, to: 1 }, '/from'],
  ])('%j is refused, and says where', async (request, pointer) => {
    const home = await homeWith();
    await expect(
      soon(home.schedules.backfills.begin('tick', request), home.time),
    ).rejects.toMatchObject({ code: 'schedule-invalid', details: [{ pointer }] });
  });

  test('of more slots than it may have is refused', async () => {
    const home = await homeWith({
      workflow: instant,
      timing: { everyMs: 1_000, start: began - 10_001_000 },
    } as typeof daily);
    const request = { from: began - 10_001_000 };
    await expect(
      soon(home.schedules.backfills.plan('tick', request), home.time),
    ).rejects.toMatchObject({ code: 'schedule-invalid', details: [{ pointer: '/to' }] });
  });
});
