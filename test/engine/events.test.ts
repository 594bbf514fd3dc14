import { afterEach, describe, expect, test } from '@jest/globals';
import { followEvents } from '../../src/client/follow.ts';
import type { Task } from '../../src/contract/workflow.ts';
import { lostPut } from '../../src/engine/lost.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import type { Behaviour } from '../support/fake-executor.ts';
import { type Home, openHome, workflowOf } from '../support/home.ts';

let home: Home | undefined;
afterEach(async () => {
  await home?.close();
  home = undefined;
});

/** What is told of each task of a run, but its starts, in order. */
async function toldOf(behaviour: Behaviour, tasks: readonly Partial<Task>[]) {
  home = openHome(behaviour);
  const { run } = await home.engine.submit({ workflow: workflowOf(tasks) });
  await home.ended(run.id);
  const told: Record<string, string[]> = {};
  for await (const { event, task } of followEvents(home.engine, run.id, { waitMs: 0 }))
    if (task !== undefined && event !== 'start') told[task] = [...(told[task] ?? []), event];
  return told;
}

const failed = { outcome: 'failed', error: { reason: 'error', message: 'no' } } as const;

describe('each task has one verdict in the events of its run', () => {
  test('a failure that is followed by another attempt is a retry', async () => {
    const retry = { attemptsMax: 3, backoff: { delayMsMin: 1 } };
    const told = await toldOf(
      ({ task, attempt }) => (task === 'good' && attempt === 3 ? {} : failed),
      [
        { id: 'bad', retry },
        { id: 'good', retry },
      ],
    );
    expect(told).toEqual({
      bad: ['retry', 'retry', 'failure'],
      good: ['retry', 'retry', 'success'],
    });
  });

  test('a map, and a task without work, are told though nobody reports them', async () => {
    const told = await toldOf(
      () => ({}),
      [
        { id: 'map', each: [[1, 2]] },
        { id: 'meet', run: { kind: 'none' }, needs: ['map'] },
      ],
    );
    expect(told).toEqual({
      map: ['success'],
      'map[0]': ['success'],
      'map[1]': ['success'],
      meet: ['success'],
    });
  });

  test('a task that asked for sub-tasks ends as they do', async () => {
    const told = await toldOf(
      ({ task }) => {
        if (task === 'parent') return { spawns: [{ key: 'a' }, { key: 'b' }] };
        return task === 'parent/b' ? failed : {};
      },
      [{ id: 'parent' }],
    );
    expect(told.parent).toEqual(['failure']);
    expect(Object.values(told).flat().sort()).toEqual(['failure', 'failure', 'success']);
  });

  test('an input that cannot be computed is a failure', async () => {
    const told = await toldOf(
      () => ({ output: 1 }),
      [{ id: 'a' }, { id: 'b', needs: ['a'], with: { x: '${{ tasks.a.output.none }}' } }],
    );
    expect(told).toEqual({ a: ['success'], b: ['failure'] });
  });
});

test('a page of events is in the order of time', async () => {
  let n = 0;
  home = openHome(() => {
    const startedAt = 1_000_000 - 100 * n++;
    return { startedAt, endedAt: startedAt + 150 };
  });
  const tasks = Array.from({ length: 10 }, (_, i) => ({ id: `t${i}` }));
  const { run } = await home.engine.submit({ workflow: workflowOf(tasks) });
  await home.ended(run.id);
  const { items } = await home.engine.events(run.id, {});
  const times = items.filter(({ event }) => event === 'success').map(({ at }) => at);
  expect(times).toHaveLength(10);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

describe('nothing of a run’s verdicts is passed over', () => {
  test('more skipped tasks than a page holds are told on several', async () => {
    const skipped = Array.from({ length: 4500 }, (_, i) => ({ id: `s${i}`, needs: ['bad'] }));
    home = openHome(() => failed);
    const { run } = await home.engine.submit({ workflow: workflowOf([{ id: 'bad' }, ...skipped]) });
    await home.ended(run.id);
    const told: string[] = [];
    let pages = 0;
    for (let after: string | undefined; told.at(-1) !== 'ended'; pages++) {
      const page = await home.engine.events(run.id, after === undefined ? {} : { after });
      told.push(...page.items.map(({ event }) => event));
      after = page.next ?? undefined;
    }
    expect(pages).toBeGreaterThan(2);
    expect(told.filter((event) => event === 'skipped')).toHaveLength(skipped.length);
  });

  test('a parent’s verdict is told when its last sub-task ends, also that of a parent above', async () => {
    home = openHome(({ task }) => {
      if (task === 'top') return { spawns: [{ key: 'sub' }] };
      if (task === 'top/sub') return { spawns: [{ key: 'a' }, { key: 'b' }] };
      return task === 'lasting' ? 'never' : {};
    });
    const workflow = workflowOf([{ id: 'top' }, { id: 'lasting' }]);
    const { run } = await home.engine.submit({ workflow });
    const ends: string[] = [];
    for (let after: string | undefined; !ends.includes('top'); ) {
      const page = await home.engine.events(run.id, {
        waitMs: 1000,
        ...(after !== undefined && { after }),
      });
      for (const { event, task } of page.items) if (event === 'success') ends.push(task ?? '');
      after = page.next ?? undefined;
    }
    expect(ends.slice(-2)).toEqual(['top/sub', 'top']);
    expect((await home.engine.run(run.id)).state).toBe('running');
  });
});

test('attempts that are reported together with those of other runs are told, all of them', async () => {
  const count = 20;
  // The attempts of one number end when all of them run: so their reports travel together.
  const rounds = [1, 2, 3].map(() => ({ begun: 0, all: Promise.withResolvers<void>() }));
  home = openHome(({ attempt }) => {
    const round = rounds[attempt - 1];
    if (round && ++round.begun === count) round.all.resolve();
    return (round?.all.promise ?? Promise.resolve()).then(() => (attempt === 3 ? {} : failed));
  });
  const { engine, ended } = home;
  const retry = { attemptsMax: 3, backoff: { delayMsMin: 1 } };
  const workflow = workflowOf([{ id: 'a', retry }]);
  const { ids } = await engine.submitMany({
    workflow,
    runs: Array.from({ length: count }, () => ({})),
  });
  await Promise.all(ids.map((id) => ended(id)));
  for (const id of ids) {
    const events = (await engine.events(id, {})).items;
    expect(events.map(({ event, attempt }) => [event, attempt])).toEqual([
      ['start', 1],
      ['retry', 1],
      ['start', 2],
      ['retry', 2],
      ['start', 3],
      ['success', 3],
      ['ended', undefined],
    ]);
    const { attempts } = await engine.task(id, 'a');
    expect(attempts?.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'failed'],
      [2, 'failed'],
      [3, 'succeeded'],
    ]);
  }
});

test('an attempt that was reported in time is not told as lost, though somebody took it for that', async () => {
  home = openHome(({ attempt }) => (attempt === 2 ? {} : failed));
  const { engine, ended, ports } = home;
  const retry = { attemptsMax: 2, backoff: { delayMsMin: 1 } };
  const { run } = await engine.submit({ workflow: workflowOf([{ id: 'a', retry }]) });
  await ended(run.id);
  for (const attempt of [1, 2])
    await ports.table.put(
      lostPut(defaultSettings, { run: run.id, task: 0, attempt }, 1, 'its runner is gone').item,
      'absent',
    );
  const events = (await engine.events(run.id, {})).items.map(({ event }) => event);
  expect(events).toEqual(['start', 'retry', 'start', 'success', 'ended']);
  const { attempts } = await engine.task(run.id, 'a');
  expect(attempts?.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded']);
});
