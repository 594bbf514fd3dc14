import { afterEach, describe, expect, test } from '@jest/globals';
import { type Home, openHome, workflowOf } from '../support/home.ts';

let home: Home | undefined;
afterEach(async () => {
  await home?.close();
  home = undefined;
});

describe('one run', () => {
  test('a task runs, and its output is the run’s', async () => {
    home = openHome(() => ({ output: { answer: 42 } }));
    const { run } = await home.engine.submit({ workflow: workflowOf([{ id: 'only' }]) });
    const view = await home.ended(run.id);
    expect(view.state).toBe('succeeded');
    expect(view.outputs).toEqual({ only: { answer: 42 } });
  });

  test('a fan-out and fan-in end in order, over several chunks of progress', async () => {
    const order: string[] = [];
    home = openHome(
      ({ task }) => {
        order.push(task);
        return {};
      },
      { chunkSize: 8, smallRunTasks: 4 },
    );
    const middle = Array.from({ length: 50 }, (_, i) => ({ id: `m${i}`, needs: ['a'] }));
    const tasks = [{ id: 'a' }, ...middle, { id: 'z', needs: middle.map(({ id }) => id).sort() }];
    const { run } = await home.engine.submit({ workflow: workflowOf(tasks) });
    const view = await home.ended(run.id);
    expect(view.state).toBe('succeeded');
    expect(order[0]).toBe('a');
    expect(order[51]).toBe('z');
    expect(order).toHaveLength(52);
  });

  test('a map becomes one sub-task for each element, and its output is their list', async () => {
    home = openHome(({ task, input }) =>
      task === 'list'
        ? { output: [1, 2, 3] }
        : { output: typeof input === 'number' ? input * 2 : 0 },
    );
    const { run } = await home.engine.submit({
      workflow: workflowOf([
        { id: 'list' },
        { id: 'double', needs: ['list'], each: ['${{ tasks.list.output }}'] },
        { id: 'sum', needs: ['double'], with: { all: '${{ tasks.double.output }}' } },
      ]),
    });
    const view = await home.ended(run.id);
    expect(view.state).toBe('succeeded');
    expect((await home.engine.task(run.id, 'double')).output).toEqual([2, 4, 6]);
    const last = await home.engine.task(run.id, 'double[2]');
    expect(last.parent).toBe('double');
  });

  test('a nested map runs the product of its lists', async () => {
    let runs = 0;
    home = openHome(() => {
      runs++;
      return {};
    });
    const { run } = await home.engine.submit({
      workflow: workflowOf([
        {
          id: 'grid',
          each: [
            [1, 2, 3],
            ['a', 'b'],
          ],
        },
      ]),
    });
    const view = await home.ended(run.id);
    expect(view.state).toBe('succeeded');
    expect(runs).toBe(6);
  });

  test('a failing task is tried again, then fails the run and skips what needs it', async () => {
    let tries = 0;
    home = openHome(({ task }) => {
      if (task !== 'bad') return {};
      tries++;
      return { outcome: 'failed', error: { reason: 'exit', exitCode: 3, message: 'no' } };
    });
    const retry = { attemptsMax: 3, backoff: { delayMsMin: 1, jitter: 'none' as const } };
    const { run } = await home.engine.submit({
      workflow: workflowOf([
        { id: 'bad', retry },
        { id: 'after', needs: ['bad'] },
      ]),
    });
    const view = await home.ended(run.id);
    expect(view.state).toBe('failed');
    expect(tries).toBe(3);
    expect(view.counts.skipped).toBe(1);
    expect(view.failures[0]?.error.exitCode).toBe(3);
  });

  test('spawned sub-tasks run, and the run ends after the last', async () => {
    home = openHome(({ task }) =>
      task === 'root' ? { spawns: [{ key: 'x', with: 1 }, { key: 'y' }] } : {},
    );
    const { run } = await home.engine.submit({ workflow: workflowOf([{ id: 'root' }]) });
    const view = await home.ended(run.id);
    expect(view.state).toBe('succeeded');
    expect(view.tasks).toBe(3);
    expect((await home.engine.task(run.id, 'root/x')).state).toBe('succeeded');
  });

  test('a cancel ends the run, and what runs is stopped', async () => {
    home = openHome(() => 'never');
    const { run } = await home.engine.submit({
      workflow: workflowOf([{ id: 'a' }, { id: 'b', needs: ['a'] }]),
    });
    while (home.agent.held().length === 0) await new Promise((done) => setTimeout(done, 5));
    const answer = await home.engine.control(run.id, { action: 'cancel', reason: 'enough' });
    expect(answer.state).toBe('cancelled');
    while (home.agent.held().length > 0) await new Promise((done) => setTimeout(done, 5));
    expect((await home.ended(run.id)).counts.cancelled).toBe(2);
  });

  test('a paused run starts nothing; resumed, it ends', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    home = openHome(({ task }) => (task === 'a' ? gate.then(() => ({})) : {}));
    const { run } = await home.engine.submit({
      workflow: workflowOf([{ id: 'a' }, { id: 'b', needs: ['a'] }]),
    });
    while (home.agent.held().length === 0) await new Promise((done) => setTimeout(done, 5));
    await home.engine.control(run.id, { action: 'pause' });
    release();
    await new Promise((done) => setTimeout(done, 100));
    expect((await home.engine.run(run.id)).counts.succeeded).toBe(1);
    await home.engine.control(run.id, { action: 'resume' });
    expect((await home.ended(run.id)).state).toBe('succeeded');
  });

  test('a rerun runs again what failed and what needs it', async () => {
    let broken = true;
    const ran: string[] = [];
    home = openHome(({ task, attempt }) => {
      ran.push(`${task}@${attempt}`);
      const fails = task === 'b' && broken;
      return fails ? { outcome: 'failed', error: { reason: 'error', message: 'x' } } : {};
    });
    const { run } = await home.engine.submit({
      workflow: workflowOf([{ id: 'a' }, { id: 'b', needs: ['a'] }, { id: 'c', needs: ['b'] }]),
    });
    expect((await home.ended(run.id)).state).toBe('failed');
    broken = false;
    await home.engine.control(run.id, { action: 'rerun' });
    const view = await home.ended(run.id);
    expect(view.state).toBe('succeeded');
    expect(view.generation).toBe(2);
    expect(ran).toEqual(['a@1', 'b@1', 'b@2', 'c@2']);
  });

  test('events tell each attempt’s start and end, then the end', async () => {
    home = openHome(() => ({}));
    const { run } = await home.engine.submit({
      workflow: workflowOf([{ id: 'a' }, { id: 'b', needs: ['a'] }]),
    });
    await home.ended(run.id);
    const { items } = await home.engine.events(run.id, {});
    const told = items.map(({ event, task }) => [event, task]);
    expect(told).toEqual([
      ['start', 'a'],
      ['success', 'a'],
      ['start', 'b'],
      ['success', 'b'],
      ['ended', undefined],
    ]);
  });

  test('ten thousand runs of one task all end', async () => {
    home = openHome(() => ({}));
    const runs = Array.from({ length: 10_000 }, () => ({}));
    const { ids } = await home.engine.submitMany({ workflow: workflowOf([{ id: 'a' }]), runs });
    for (const id of ids) expect((await home.ended(id)).state).toBe('succeeded');
  });
});

test('a step’s own input has its references resolved', async () => {
  const seen: unknown[] = [];
  home = openHome(({ task, stepInputs }) => {
    if (task === 'b') seen.push(stepInputs);
    return { output: 7 };
  });
  const shell = { kind: 'shell', line: 'true' } as const;
  const steps = [
    { run: shell, with: { day: '${{ input.day }}' } },
    { run: shell },
    { run: shell, with: '${{ tasks.a.output }}' },
  ];
  const { run } = await home.engine.submit({
    workflow: workflowOf([
      { id: 'a' },
      { id: 'b', needs: ['a'], run: { kind: 'sequence', steps } },
    ]),
    input: { day: 'today' },
  });
  await home.ended(run.id);
  expect(seen).toEqual([[{ day: 'today' }, 7]]);
});
