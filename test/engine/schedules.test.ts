import { describe, expect, test } from '@jest/globals';
import { ulidPattern } from '../../src/contract/api.ts';
import { startDue } from '../../src/engine/start-due.ts';
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

const firstSlot = Date.parse('2026-01-01T00:01:00Z');

describe('a schedule', () => {
  test('starts one run at each of its slots, to the second', async () => {
    const home = scheduleHome();
    await home.schedules.put('tick', everyMinute);
    await home.live(300);
    const runs = await home.runs();
    expect(slotsOf(runs)).toEqual(['00:01', '00:02', '00:03', '00:04', '00:05']);
    expect(runs.map(({ state }) => state)).toEqual(Array(5).fill('succeeded'));
    expect(runs[0]?.id).toMatch(ulidPattern);
    expect(home.started.flatMap(({ lateness }) => lateness)).toEqual(Array(5).fill(0));
    expect(await home.schedules.show('tick')).toMatchObject({
      state: 'active',
      started: 5,
      missed: 0,
      nextAt: firstSlot + 5 * minuteMs,
      lastRun: runs.at(-1)?.id,
    });
  });

  test('tells its runs their slot', async () => {
    const home = scheduleHome();
    const workflow = { ...instant, input: { day: { type: 'string' as const } } };
    await home.schedules.put('tick', {
      ...everyMinute,
      workflow,
      slotInput: 'day',
      tags: ['mine'],
    });
    await home.live(40);
    const [run] = await home.runs();
    expect((await home.engine.run(run?.id ?? '')).input).toEqual({
      day: '2026-01-01T00:01:00.000Z',
    });
    expect(run?.tags).toEqual(['mine', 'schedule:tick', 'slot:2026-01-01T00:01:00.000Z']);
  });

  test('starts one run for a slot, however many are told, and at the same time', async () => {
    const home = scheduleHome();
    await home.schedules.put('tick', everyMinute);
    await home.time.passTo(firstSlot);
    const hints = [{ schedule: 'tick', at: firstSlot }];
    await soon(Promise.all([1, 2, 3].map(() => startDue(home.scheduler(), hints))), home.time);
    home.restart();
    await soon(startDue(home.scheduler(), hints), home.time);
    expect(slotsOf(await home.runs())).toEqual(['00:01']);
    expect((await home.schedules.show('tick')).started).toBe(1);
  });

  test('is started by nobody before its time, whoever says so', async () => {
    const home = scheduleHome();
    await home.schedules.put('tick', everyMinute);
    await soon(startDue(home.scheduler(), [{ schedule: 'tick', at: firstSlot }]), home.time);
    expect(await home.runs()).toEqual([]);
    await home.live(31);
    expect(slotsOf(await home.runs())).toEqual(['00:01']);
  });

  test('that a clock far ahead has said is put off, as long as messages can wait', async () => {
    const home = scheduleHome();
    const at = began + 60 * minuteMs;
    await home.schedules.put('later', { workflow: instant, timing: { at } });
    await soon(startDue(home.scheduler(), [{ schedule: 'later', at }]), home.time);
    await home.time.passTo(began + 16 * minuteMs);
    expect((await home.ports.queue.depth('starts')).waiting).toBe(1);
    await home.handle();
    expect(await home.runs()).toEqual([]);
  });

  test('whose message is lost is found by the sweep, and counted', async () => {
    const home = scheduleHome();
    await home.schedules.put('tick', everyMinute);
    await home.time.passTo(firstSlot + 100);
    const taken = await home.ports.queue.take({
      queues: ['starts'],
      max: 9,
      waitMs: 0,
      visibilityMs: 1,
    });
    await home.ports.queue.remove(taken.map(({ receipt }) => receipt));
    await home.time.passTo(firstSlot + 30_000);
    expect(await home.sweep()).toEqual({ again: 1 });
    await home.handle();
    expect(slotsOf(await home.runs())).toEqual(['00:01']);
  });

  test.each(['before', 'after'])('survives a table that fails %s it is written', async (when) => {
    let left = 1;
    const home = scheduleHome({}, (ports) => ({
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
    await home.schedules.put('tick', everyMinute);
    await home.live(150);
    expect(home.failures).toHaveLength(1);
    expect(slotsOf(await home.runs())).toEqual(['00:01', '00:02', '00:03']);
  });

  test('that cannot be decided is told, and harms no other', async () => {
    const home = scheduleHome();
    await home.schedules.put('good', everyMinute);
    await home.schedules.put('bad', everyMinute);
    const bad = { ...home.scheduler(), compile: home.scheduler().compile };
    const broken = {
      ...bad,
      compile: (() => {
        let calls = 0;
        return (...args: Parameters<typeof bad.compile>) => {
          if (calls++ === 0) throw new Error('broken');
          return bad.compile(...args);
        };
      })(),
    };
    await home.time.passTo(firstSlot);
    const hints = ['bad', 'good'].map((schedule) => ({ schedule, at: firstSlot }));
    const { stuck } = await soon(startDue(broken, hints), home.time);
    expect(stuck.map(({ schedule }) => schedule)).toEqual(['bad']);
    expect((await home.runs()).map(({ tags }) => tags[0])).toEqual(['schedule:good']);
  });
});

describe('by hand', () => {
  test('a paused schedule starts nothing, and makes up for nothing when it goes on', async () => {
    const home = scheduleHome();
    await home.schedules.put('tick', { ...everyMinute, catchUp: { policy: 'all' } });
    expect((await home.schedules.pause('tick')).state).toBe('paused');
    await home.live(200);
    expect(await home.runs()).toEqual([]);
    expect(await home.schedules.next('tick', 3)).toEqual([]);
    expect((await home.schedules.resume('tick')).state).toBe('active');
    await home.live(60);
    expect(slotsOf(await home.runs())).toEqual(['00:04']);
  });

  test('a run now is one more, once for each id', async () => {
    const home = scheduleHome();
    await home.schedules.put('tick', everyMinute);
    const id = '01JD8K3V4M5N6P7Q8R9S0T1V2W';
    for (const given of [id, id, undefined])
      await soon(home.schedules.run('tick', given), home.time);
    expect((await home.runs()).map(({ tags }) => tags[0])).toEqual(Array(2).fill('schedule:tick'));
    expect((await home.schedules.show('tick')).started).toBe(0);
  });

  test('a changed time counts from now on: what was due before is not started again', async () => {
    const home = scheduleHome();
    await home.schedules.put('tick', everyMinute);
    await home.live(100);
    await home.schedules.put('tick', { ...everyMinute, timing: { cron: '*/2 * * * *' } });
    await home.live(200);
    expect(slotsOf(await home.runs())).toEqual(['00:01', '00:02', '00:04']);
  });

  test('a start at an instant is moved, and comes once, at the new time only', async () => {
    const home = scheduleHome();
    const at = (minutes: number) => ({
      workflow: instant,
      timing: { at: began + minutes * minuteMs },
    });
    await home.schedules.put('once', at(2));
    await home.schedules.put('once', at(4));
    await home.live(600);
    expect(slotsOf(await home.runs())).toEqual(['00:04']);
    expect((await home.schedules.show('once')).state).toBe('done');
    await expect(home.schedules.put('once', at(1))).rejects.toMatchObject({
      code: 'schedule-invalid',
    });
  });

  test('one that is removed starts nothing more; another of its name is another', async () => {
    const home = scheduleHome();
    await home.schedules.put('tick', everyMinute);
    const { id } = await home.schedules.show('tick');
    await home.live(40);
    await home.schedules.remove('tick');
    await home.schedules.remove('tick');
    await home.live(100);
    expect(slotsOf(await home.runs())).toEqual(['00:01']);
    await expect(home.schedules.show('tick')).rejects.toMatchObject({ code: 'schedule-unknown' });
    expect((await home.schedules.put('tick', everyMinute)).id).not.toBe(id);
  });

  test('many are listed in pages', async () => {
    const home = scheduleHome();
    for (let n = 0; n < 7; n++) await home.schedules.put(`s${n}`, everyMinute);
    await home.schedules.pause('s3');
    const names: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await home.schedules.list({ limit: 3, ...(after && { after }) });
      names.push(...page.items.map(({ name }) => name));
      if (page.next === null) break;
      after = page.next;
    }
    expect(names.sort()).toEqual(['s0', 's1', 's2', 's3', 's4', 's5', 's6']);
    const paused = await home.schedules.list({ state: 'paused' });
    expect(paused.items.map(({ name }) => name)).toEqual(['s3']);
  });

  test.each([
    [{ timing: { cron: '0 0 30 2 *' } }, 'schedule-invalid'],
    [{ timing: { at: began } }, 'schedule-invalid'],
    [{ timing: { cron: '@daily', start: 2, end: 1 } }, 'schedule-invalid'],
    [{ timing: { everyMs: 0 } }, 'schedule-invalid'],
    [{ timing: { cron: '@daily', timezone: 'Mars/Olympus' } }, 'schedule-invalid'],
    [{ catchUp: { policy: 'window' as const } }, 'schedule-invalid'],
    [{ input: { nobody: 1 }, workflow: { ...instant, input: {} } }, 'input-invalid'],
    [{ slotInput: 'day', workflow: { ...instant, input: {} } }, 'input-invalid'],
  ])('%j is refused as %s', async (wrong, code) => {
    const home = scheduleHome();
    await expect(home.schedules.put('tick', { ...everyMinute, ...wrong })).rejects.toMatchObject({
      code,
    });
    await expect(home.schedules.show('tick')).rejects.toMatchObject({ code: 'schedule-unknown' });
  });

  test('a new one is refused where one is', async () => {
    const home = scheduleHome();
    await home.schedules.put('tick', everyMinute, true);
    await expect(home.schedules.put('tick', everyMinute, true)).rejects.toMatchObject({
      code: 'schedule-exists',
    });
  });
});

describe('after two hours without a process', () => {
  test.each([
    [{ policy: 'none' as const }, 0],
    [{ policy: 'last' as const }, 1],
    [{ policy: 'all' as const }, 120],
    [{ policy: 'window' as const, windowMs: 30 * minuteMs }, 30],
  ])('%j starts %i of the runs that were missed', async (catchUp, count) => {
    const home = scheduleHome({ scheduleGraceMs: 10_000 });
    await home.schedules.put('tick', { ...everyMinute, catchUp });
    await home.time.passTo(began + 120 * minuteMs);
    home.restart();
    await home.sweep();
    await home.handle();
    expect((await home.runs()).length).toBe(count);
  });
});

describe('while a run is open', () => {
  const lastingEveryMinute = { ...everyMinute, workflow: lasting };

  test('skip leaves slots out until it has ended', async () => {
    const home = scheduleHome();
    await home.schedules.put('tick', { ...lastingEveryMinute, overlap: 'skip' });
    await home.live(160);
    const [first] = await home.runs();
    expect(slotsOf(await home.runs())).toEqual(['00:01']);
    await soon(home.engine.control(first?.id ?? '', { action: 'cancel' }), home.time);
    await home.live(60);
    expect(slotsOf(await home.runs())).toEqual(['00:01', '00:04']);
    expect((await home.schedules.show('tick')).skipped).toBe(2);
  });

  test('queue-all starts them one after the other, soon after the one before has ended', async () => {
    const home = scheduleHome();
    await home.schedules.put('tick', { ...lastingEveryMinute, overlap: 'queue-all' });
    await home.live(160);
    expect((await home.schedules.show('tick')).waitingCount).toBe(2);
    for (let n = 0; n < 2; n++) {
      const last = (await home.runs()).at(-1);
      await soon(home.engine.control(last?.id ?? '', { action: 'cancel' }), home.time);
      await home.live(15);
    }
    expect(slotsOf(await home.runs())).toEqual(['00:01', '00:02', '00:03']);
  });

  test('cancel-previous cancels it, and starts the newest', async () => {
    const home = scheduleHome();
    await home.schedules.put('tick', { ...lastingEveryMinute, overlap: 'cancel-previous' });
    await home.live(100);
    const runs = await home.runs();
    expect(runs.map(({ state }) => state)).toEqual(['cancelled', 'running']);
    expect(slotsOf(runs)).toEqual(['00:01', '00:02']);
  });

  test('a run that was said to be started, and was not, is started later', async () => {
    let left = 1;
    const home = scheduleHome({}, (ports) => ({
      ...ports,
      table: {
        ...ports.table,
        async putMany(puts) {
          if (puts.some(({ item }) => item.sort === 'META') && left > 0) {
            left -= 1;
            throw new Error('the process dies here');
          }
          return ports.table.putMany(puts);
        },
      },
    }));
    await home.schedules.put('tick', {
      ...lastingEveryMinute,
      timing: { cron: '*/30 * * * *' },
      overlap: 'skip',
    });
    await home.live(30 * 60);
    expect(await home.runs()).toEqual([]);
    home.restart();
    await home.live(150);
    expect(slotsOf(await home.runs())).toEqual(['00:30']);
    expect((await home.schedules.show('tick')).started).toBe(1);
  });
});

test('a schedule whose runs fail again and again stops itself, and goes on when it is told to', async () => {
  const home = scheduleHome();
  const workflow = { ...lasting, timeLimitMs: 20_000 };
  await home.schedules.put('tick', { ...everyMinute, workflow, stopAfterFailures: 2 });
  const { sweepRuns } = await import('../../src/engine/sweep.ts');
  for (let n = 0; n < 5; n++) {
    await home.live(60);
    await soon(sweepRuns(home.scheduler().decider), home.time);
  }
  expect(await home.schedules.show('tick')).toMatchObject({
    state: 'stopped',
    reason: '2 runs in a row failed',
  });
  expect((await home.runs()).length).toBe(2);
  expect((await home.schedules.resume('tick')).state).toBe('active');
  await home.live(60);
  expect((await home.runs()).length).toBe(3);
});
