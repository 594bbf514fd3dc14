import { expect, test } from '@jest/globals';
import { heldStarts, withoutStarts } from '../../src/engine/held-starts.ts';
import type { StartHint } from '../../src/engine/scheduler.ts';
import { startDue } from '../../src/engine/start-due.ts';
import { scheduleSweep } from '../../src/engine/sweep-schedules.ts';
import { everyMinute, minuteMs, scheduleHome, slotsOf, soon } from '../support/schedule-home.ts';

test('a sweep that holds what is due starts each slot at its time, also two sweeps at once', async () => {
  const home = scheduleHome({ scheduleAheadMs: 65_000 });
  await home.schedules.put('half', { ...everyMinute, timing: { cron: '15,45 * * * * *' } });
  const lateness: number[] = [];
  const sweepOnce = async (): Promise<void> => {
    const held = heldStarts(home.ports.queue, home.time.clock);
    const scheduler = { ...home.scheduler(), ports: { ...home.ports, queue: held.queue } };
    await scheduleSweep(scheduler)();
    await held.hold(home.time.clock.now() + 60_000, async (hints) => {
      lateness.push(...(await startDue(scheduler, hints)).lateness);
    });
  };
  const sweeps: Promise<void>[] = [];
  for (let minute = 0; minute < 4; minute++) {
    sweeps.push(sweepOnce(), sweepOnce());
    await home.time.passTo(home.time.clock.now() + minuteMs);
  }
  await home.time.passTo(home.time.clock.now() + minuteMs);
  await Promise.all(sweeps);
  const slots = slotsOf(await home.runs());
  expect(slots.length).toBe(8);
  expect(new Set((await home.runs()).map(({ id }) => id)).size).toBe(8);
  expect(Math.max(...lateness)).toBe(0);
});

test('what is no start goes to the queue', async () => {
  const home = scheduleHome();
  const { queue, clock } = { queue: home.ports.queue, clock: home.time.clock };
  const body = { schedule: 'tick', at: clock.now() } satisfies StartHint;
  const other = { queue: 'pool', body: { n: 1 } };
  await soon(heldStarts(queue, clock).queue.send([{ queue: 'starts', body }, other]), home.time);
  await soon(withoutStarts(queue).send([{ queue: 'starts', body }, other]), home.time);
  const depth = async (name: string) => (await soon(queue.depth(name), home.time)).waiting;
  expect([await depth('starts'), await depth('pool')]).toEqual([0, 2]);
});
