import { expect, test } from '@jest/globals';
import type { AttemptResult, Execution } from '../../src/contract/execution.ts';
import type { Task } from '../../src/contract/workflow.ts';
import { Actor } from './kernel/actor.ts';
import { Kernel } from './kernel/kernel.ts';
import { Stream } from './kernel/random.ts';
import { Book } from './world/book.ts';
import { drawTemper, Fates, type Temper } from './world/fates.ts';
import { ModelExecutor } from './world/model-executor.ts';
import { compare, foresee } from './world/oracle.ts';
import { type Cast, drawWorld, worldScenario } from './world.ts';

const task = (id: string, more: Partial<Task> = {}): Task => ({
  id,
  run: { kind: 'command', argv: ['x'] },
  ...more,
});
const limited = { limits: { runMs: 2_000 } };
const even: Temper = {
  fails: 0,
  always: 1,
  hangs: 0,
  kills: 0,
  zombies: 0,
  spawns: 0,
  durationMsMax: 1_000,
};

/** Has one runner start every task once, and hears what it hears. */
async function execute(
  tasks: readonly Task[],
  temper: Partial<Temper>,
  act?: (executor: ModelExecutor) => void,
) {
  const kernel = new Kernel({ seed: 5, faultsUntil: 0, timeMax: 3_600_000, calm: true });
  const fates = new Fates(5, 'r', { ...even, ...temper });
  const book = new Book(kernel, [
    { id: 'r', workflow: { name: 'w', tasks: [...tasks] }, input: {}, fates },
  ]);
  const heard = { ended: [] as AttemptResult[], started: 0, spawned: 0, lives: 0 };
  const executions = tasks.map(
    (one, key): Execution => ({
      key,
      run: 'r',
      workflow: 'w',
      task: one.id,
      attempt: 1,
      spec: { run: one.run, limits: one.limits },
      input: {},
    }),
  );
  const main = (life: Actor['life'] & object) => {
    heard.lives++;
    const executor = new ModelExecutor(life, book, 100, {
      started: (starts) => {
        heard.started += starts.length;
      },
      ended: (results) => void heard.ended.push(...results),
      beats: () => {},
      spawned: () => void heard.spawned++,
    });
    if (heard.lives === 1) executor.start(executions);
    if (act) kernel.after(1, () => act(executor));
    return life.clock.sleep(120_000);
  };
  new Actor(kernel, 'runner', main, { mortal: false });
  await kernel.run();
  expect(kernel.violation).toBeUndefined();
  return { ...heard, kernel };
}

const outcomes = (results: readonly AttemptResult[]) =>
  [
    ...new Set(results.map(({ outcome, error }) => `${outcome} ${error?.reason ?? ''}`.trim())),
  ].sort();

test('attempts end as their fates say', async () => {
  const many = Array.from({ length: 40 }, (_, n) => task(`t${n}`, limited));
  const fine = await execute(many, {});
  expect([outcomes(fine.ended), fine.ended.length, fine.started]).toEqual([['succeeded'], 40, 40]);
  const failing = await execute(many, { fails: 1 });
  expect(outcomes(failing.ended)).toEqual(['failed error', 'failed exit']);
  const hanging = await execute(many, { hangs: 1 });
  expect(outcomes(hanging.ended)).toEqual(['failed time-limit']);
  const spawning = await execute(many, { spawns: 1 });
  expect(spawning.spawned).toBeGreaterThan(0);
  expect(spawning.ended.some(({ spawns = [] }) => spawns.length > 0)).toBe(true);
  const killing = await execute(many, { kills: 1 });
  expect(killing.ended.length).toBeLessThan(40);
  expect(killing.lives).toBe(2);
});

test('a zombie reports late, as if nothing had been', async () => {
  const { ended, kernel } = await execute([task('t')], { zombies: 1 });
  expect(outcomes(ended)).toEqual(['succeeded']);
  expect(kernel.counters.get('an attempt makes its runner stand still')).toBe(1);
  const [{ startedAt, endedAt } = { startedAt: 0, endedAt: 0 }] = ended;
  expect(endedAt - startedAt).toBeGreaterThanOrEqual(20_000);
});

test('attempts can be cancelled, and handed back', async () => {
  const slow = { durationMsMax: 300_000 };
  const many = Array.from({ length: 20 }, (_, n) => task(`t${n}`));
  const keys = many.map((_, key) => key);
  const cancelled = await execute(many, slow, (executor) => executor.cancel([...keys, 999]));
  expect(outcomes(cancelled.ended)).toContain('cancelled');
  let drained = false;
  const handedBack = await execute(
    many,
    slow,
    (executor) =>
      void executor.drain(1_000).then(() => {
        drained = true;
      }),
  );
  expect(outcomes(handedBack.ended)).toContain('released');
  expect([handedBack.ended.length, drained]).toEqual([20, true]);
});

test('an attempt that is claimed may run once, and only with its own input', async () => {
  const kernel = new Kernel({ seed: 1, faultsUntil: 0, timeMax: 1 });
  const fates = new Fates(1, 'r', even);
  const child = task('b', { needs: ['a'], with: { from: `\${{ tasks.a.output.value }}` } });
  const tasks = [task('a'), child];
  const book = new Book(kernel, [{ id: 'r', workflow: { name: 'w', tasks }, input: {}, fates }]);
  const begin = (input: object, attempt: number) =>
    book.begin(
      {
        key: 1,
        run: 'r',
        workflow: 'w',
        task: 'b',
        attempt,
        spec: { run: child.run },
        input: input as never,
      },
      'x',
    );
  begin({ from: fates.valueOf('a') }, 1);
  expect(kernel.violation).toBeUndefined();
  begin({ from: fates.valueOf('a') }, 1);
  expect(kernel.violation?.promise).toBe('P4');
  kernel.violation = undefined;
  begin({ from: -1 }, 2);
  expect((kernel as Kernel).violation).toMatchObject({ promise: 'P3' });
});

test('a verdict that cannot be is told', () => {
  const fates = new Fates(1, 'r', even);
  const tasks = [task('a'), task('b', { needs: ['a'], rule: 'all-failed' })];
  const expected = foresee({ name: 'w', tasks }, fates, { lossesMax: 9 });
  const found = (a: string, b: string, run: string) =>
    compare(expected, {
      run,
      tasks: new Map([
        ['a', a],
        ['b', b],
      ]),
    });
  expect(found('succeeded', 'skipped', 'succeeded')).toEqual([]);
  expect(found('failed', 'skipped', 'succeeded')).toEqual(['task a is failed, not succeeded']);
  expect(found('succeeded', 'waiting', 'running').length).toBe(2);
  expect(compare(expected, { run: 'succeeded', tasks: new Map() }).length).toBe(2);
});

test('a world is drawn the same each time, and smaller when parts are left out', () => {
  const options = { repair: true };
  for (let seed = 1; seed <= 50; seed++) {
    const [one, two] = [drawWorld(seed, options, {}), drawWorld(seed, options, {})];
    const told = ({ world }: typeof one) => world.runs.map(({ id, workflow }) => [id, workflow]);
    expect(told(two)).toEqual(told(one));
    expect(two.world.deeds).toEqual(one.world.deeds);
    const [first] = one.world.runs;
    const tasks = one.parts.filter((part) => part.startsWith(`task ${first?.id} `));
    const less = drawWorld(seed, options, { dropped: new Set(tasks.slice(1)) });
    expect(less.world.runs[0]?.workflow.tasks.length).toBe(1);
    const none = drawWorld(seed, options, { dropped: new Set([`run ${first?.id}`]) });
    expect(none.world.runs.length).toBe(one.world.runs.length - 1);
  }
});

test('tempers differ: some seeds have none of what others are full of', () => {
  const tempers = Array.from({ length: 100 }, (_, seed) => drawTemper(new Stream(seed, 'x')));
  for (const key of ['fails', 'hangs', 'kills', 'zombies', 'spawns'] as const) {
    const none = tempers.filter((temper) => temper[key] === 0).length;
    expect(none).toBeGreaterThan(15);
    expect(none).toBeLessThan(50);
  }
});

test('a cast is played: its actors have ports, share a feed, die, and come again', async () => {
  const wait = () => new Promise<void>(() => {});
  const cast: Cast = {
    prefixes: ['RUN'],
    watch: ({ kernel, system }) => {
      system.table.onChange((after) => {
        if (after?.sort.startsWith('SEEN')) kernel.after(30_000, () => kernel.stop());
      });
    },
    async client({ runs }, { table, clock }) {
      for (const { id } of runs)
        for (let done = false; !done; await clock.sleep(100))
          done = await table
            .put({ partition: 'p', sort: `RUN ${id}`, version: 1, data: {} }, 'any')
            .then(
              () => true,
              () => false,
            );
    },
    feeder(_world, { feed, table }) {
      feed.subscribe(['RUN'], async (items) => {
        for (const item of items) await table.put({ ...item, sort: `SEEN ${item.sort}` }, 'any');
      });
      return wait();
    },
    runner: async (_world, _ports, _life, executor) => {
      executor({ started() {}, ended() {}, beats() {}, spawned() {} }).start([]);
      await wait();
    },
    sweeper: wait,
  };
  const scenario = worldScenario('stub', cast, { repair: false });
  let kills = 0;
  for (let seed = 1; seed <= 30; seed++) {
    const report = await scenario.play(seed, {});
    expect(report.violation).toBeUndefined();
    kills += report.counters.get('kill');
    expect((await scenario.play(seed, {})).digest).toBe(report.digest);
  }
  expect(kills).toBeGreaterThan(0);
});
