import { expect, test } from '@jest/globals';
import { fromBody, type SlotRef } from '../../src/contract/task-message.ts';
import type { LimitedBy, Task } from '../../src/contract/workflow.ts';
import { confirmSlots } from '../../src/engine/confirm-slots.ts';
import { controlRun } from '../../src/engine/control-run.ts';
import { fanOut } from '../../src/engine/fan-out.ts';
import { boundsKey } from '../../src/engine/limit-items.ts';
import { lostPut } from '../../src/engine/lost.ts';
import { sweepRuns } from '../../src/engine/sweep.ts';
import { sweepLimits } from '../../src/engine/sweep-limits.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { type Item, type Table, Unavailable } from '../../src/ports/table.ts';
import { openScene, runId, runnerA, runnerB, type Scene, workOf } from '../support/scene.ts';

const under = (id: string, ...limitedBy: LimitedBy[]): Task => workOf(id, { limitedBy });
const one: LimitedBy = { name: 'x', max: 1 };

async function begun(tasks: readonly Task[], scene = openScene()): Promise<Scene> {
  await scene.submit(tasks);
  await scene.fold();
  return scene;
}

const slotsOf = async ({ ports }: Scene, place: string): Promise<(number | undefined)[]> => {
  const range = { partition: `main/LIMIT#${place}`, from: 'SLOT#', to: 'SLOT$' };
  const { items } = await ports.table.query(range);
  return items.map(({ data }) => data.task as number | undefined);
};

interface Sent {
  readonly run: string;
  readonly task: number;
  readonly attempt: number;
  readonly id: string;
  readonly slots: readonly SlotRef[] | undefined;
}

async function take({ ports }: Scene): Promise<Sent[]> {
  const options = { queues: ['tasks-default'], max: 1000, waitMs: 0, visibilityMs: 1000 };
  const taken = await ports.queue.take(options);
  await ports.queue.remove(taken.map(({ receipt }) => receipt));
  return taken.flatMap(({ body }) => {
    const message = fromBody(body);
    return message.tasks.map(([run, task, id, attempt, , , , , slots]) => ({
      run: message.runs[run] as string,
      task,
      attempt,
      id,
      slots,
    }));
  });
}

const confirm = async ({ ports, settings }: Scene, owner: string, ...sent: readonly Sent[]) =>
  [...(await confirmSlots(ports, settings, owner, sent))].map(({ id }) => id);

test('one at a time, in the order in which they were asked for', async () => {
  const scene = await begun(['a', 'b', 'c'].map((id) => under(id, one)));
  for (const [task, id] of ['a', 'b', 'c'].entries()) {
    expect(await scene.drain()).toEqual([`${id}@1`]);
    await scene.report({ task });
    await scene.fold();
  }
  expect([await scene.state(), await slotsOf(scene, 'w/x')]).toEqual(['succeeded', [undefined]]);
});

test('each value of a key is bounded for itself, and all of them together', async () => {
  const limit: LimitedBy = { name: 'x', key: '${{ item }}', max: 1, sum: 2 };
  const each = [['p', 'p', 'q', 'q', 'r']];
  const scene = await begun([workOf('m', { each, limitedBy: [limit] })]);
  expect(await scene.drain()).toEqual(['m[0]@1', 'm[2]@1']);
  await scene.report({ task: 1 });
  await scene.fold();
  // p is free again and so is a place among all, whose turn it is after p: r, as q is at work.
  expect(await scene.drain()).toEqual(['m[4]@1']);
  for (const [task, want] of [
    [3, 'm[1]@1'],
    [5, 'm[3]@1'],
  ] as const) {
    await scene.report({ task });
    await scene.fold();
    expect(await scene.drain()).toEqual([want]);
  }
  await scene.report({ task: 2 }, { task: 4 });
  await scene.fold();
  expect(await scene.state()).toBe('succeeded');
});

test('a long line of one key delays another by one turn', async () => {
  const limit: LimitedBy = { name: 'x', key: '${{ item }}', sum: 1 };
  const each = [[...Array.from({ length: 30 }, () => 'noisy'), 'quiet', 'still']];
  const scene = await begun([workOf('m', { each, limitedBy: [limit] })]);
  const order: string[] = [];
  for (let sent = await take(scene); sent.length > 0; sent = await take(scene)) {
    expect(sent.length).toBe(1);
    order.push(...sent.map(({ id }) => id));
    await scene.report({ task: sent[0]?.task ?? -1 });
    await scene.fold();
  }
  expect(order).toHaveLength(32);
  expect(order.slice(0, 3)).toEqual(['m[0]', 'm[30]', 'm[31]']);
});

test('several limits: each of its places is held before it is sent, and freed after it', async () => {
  const scene = await begun([
    under('a', { name: 'x', max: 1 }),
    under('b', { name: 'y', max: 1 }),
    under('c', { name: 'y', max: 1 }, { name: 'x', max: 1 }),
    under('d', { name: 'x', max: 1 }, { name: 'y', max: 1 }),
  ]);
  expect(await scene.drain()).toEqual(['a@1', 'b@1']);
  await scene.report({ task: 0 });
  await scene.fold();
  expect(await scene.drain()).toEqual([]);
  await scene.report({ task: 1 });
  await scene.fold();
  expect(await scene.drain()).toEqual(['c@1']);
  await scene.report({ task: 2 });
  await scene.fold();
  expect(await scene.drain()).toEqual(['d@1']);
});

test('an attempt that is lost, or fails, holds nothing any more', async () => {
  const retry = { attemptsMax: 3, backoff: { shape: 'fixed', delayMsMin: 0 } } as const;
  const scene = await begun([workOf('a', { limitedBy: [one], retry }), under('b', one)]);
  const [first] = await take(scene);
  expect(await confirm(scene, runnerA, first as Sent)).toEqual(['a']);
  const lost = lostPut(scene.settings, { run: runId, task: 0, attempt: 1 }, 0, 'gone');
  await scene.ports.table.put(lost.item, 'absent');
  await scene.fold();
  // It asks again, and is before the other, whose number is higher.
  expect(await scene.drain()).toEqual(['a@2']);
  await scene.report({ task: 0, attempt: 2, outcome: 'failed' });
  await scene.fold();
  expect(await scene.drain()).toEqual(['a@3']);
  await scene.report({ task: 0, attempt: 3 });
  await scene.fold();
  expect(await scene.drain()).toEqual(['b@1']);
});

test('what was taken away before its runner was there is not begun', async () => {
  const scene = await begun([under('a', one), under('b', one)]);
  const [a] = await take(scene);
  await controlRun(scene.own, runId, { action: 'cancel' });
  await scene.fold();
  expect(await confirm(scene, runnerA, a as Sent)).toEqual([]);
  expect([await scene.drain(), await slotsOf(scene, 'w/x')]).toEqual([[], [undefined]]);
});

test('what a runner is at stays its own until it says so, though its run is cancelled', async () => {
  const scene = await begun([under('a', one)]);
  const [a] = (await take(scene)) as [Sent];
  expect(await confirm(scene, runnerA, a)).toEqual(['a']);
  // The same runner's own write that landed, and another runner.
  expect(await confirm(scene, runnerA, a)).toEqual(['a']);
  expect(await confirm(scene, runnerB, a)).toEqual([]);
  await controlRun(scene.own, runId, { action: 'cancel' });
  await scene.fold();
  expect(await slotsOf(scene, 'w/x')).toEqual([0]);
  await scene.report({ task: 0, outcome: 'cancelled' });
  await scene.fold();
  expect(await slotsOf(scene, 'w/x')).toEqual([undefined]);
});

test('a slot is not confirmed by who had it before', async () => {
  const scene = await begun([under('a', one), under('b', one)]);
  const [a] = (await take(scene)) as [Sent];
  await scene.report({ task: 0 });
  await scene.fold();
  const [b] = (await take(scene)) as [Sent];
  expect(b.slots).toEqual(a.slots);
  expect(await confirm(scene, runnerA, a)).toEqual([]);
  expect(await confirm(scene, runnerB, b)).toEqual(['b']);
});

test('while it may not start yet an attempt holds nothing, and its runner has it ask when it may', async () => {
  const backoff = { shape: 'fixed', delayMsMin: 60_000, jitter: 'none' } as const;
  const retry = { attemptsMax: 2, backoff };
  const scene = await begun([workOf('a', { limitedBy: [one], retry }), under('b', one)]);
  await scene.drain();
  await scene.report({ task: 0, outcome: 'failed' });
  await scene.fold();
  expect(await scene.drain()).toEqual(['b@1']);
  scene.pass(60_000);
  const [later] = (await take(scene)) as [Sent];
  expect([later.attempt, later.slots]).toEqual([2, []]);
  expect(await confirm(scene, runnerA, later)).toEqual([]);
  await scene.report({ task: 0, attempt: 2, outcome: 'released' });
  await scene.fold();
  expect(await scene.drain()).toEqual([]);
  await scene.report({ task: 1 });
  await scene.fold();
  expect(await scene.drain()).toEqual(['a@3']);
});

test('a shared limit is what was set of it last; one that is not set fails its task, and says so', async () => {
  const scene = openScene();
  const key = boundsKey('main', 'api');
  await scene.ports.table.put({ ...key, version: 1, data: { max: 1 } }, 'any');
  const shared: LimitedBy = { name: 'api', shared: true };
  await begun(
    [under('a', shared), under('b', shared), under('c', { ...shared, name: 'none' })],
    scene,
  );
  expect(await scene.drain()).toEqual(['a@1']);
  const { items } = await scene.ports.table.query({ partition: `main/RUN#${runId}` });
  const spawns = items.filter(({ sort }) => sort.startsWith('SPAWN#'));
  expect(JSON.stringify(spawns.map(({ data }) => data))).toContain('there is no shared limit');
  await scene.ports.table.put({ ...key, version: 2, data: { max: 2 } }, 'any');
  scene.pass(10 * 60_000);
  await sweepRuns(scene.own);
  expect(await scene.drain()).toEqual(['a@1', 'b@1']);
});

test('a rate says when each may start; what is too far ahead waits for the sweep', async () => {
  const rate = { count: 1, perMs: 5 * 60_000 };
  const scene = await begun(['a', 'b', 'c', 'd'].map((id) => under(id, { name: 'x', rate })));
  expect(await scene.drain()).toEqual(['a@1']);
  scene.pass(5 * 60_000);
  await sweepLimits(scene.own);
  expect(await scene.drain()).toEqual(['b@1']);
  scene.pass(5 * 60_000);
  expect(await scene.drain()).toEqual(['c@1']);
  scene.pass(5 * 60_000);
  expect(await scene.drain()).toEqual(['d@1']);
});

test('the sweep frees what nobody freed, and grants it', async () => {
  const scene = await begun([under('a', one)]);
  await scene.drain();
  await scene.report({ task: 0 });
  // The run's end is saved, and whoever saved it dies before it frees anything.
  const dying = failingAfter(scene.ports, ({ sort }) => sort === 'META');
  await expect(fanOut(scene.decider(dying).decider, scene.inserted())).rejects.toThrow(Unavailable);
  expect([await scene.state(), await slotsOf(scene, 'w/x')]).toEqual(['succeeded', [0]]);
  scene.pass(10 * 60_000);
  expect(await sweepLimits(scene.decider().decider)).toBe(1);
  expect(await slotsOf(scene, 'w/x')).toEqual([undefined]);
});

/** Nothing is written any more after the first write of such an item. */
function failingAfter(ports: Ports, last: (item: Item) => boolean): Ports {
  let dead = false;
  return dying(ports, (items) => {
    if (dead) return true;
    dead = items.some(last);
    return false;
  });
}

function dying(ports: Ports, dies: (items: readonly Item[]) => boolean): Ports {
  const check = (items: readonly Item[]): void => {
    if (dies(items)) throw new Unavailable('the process died here');
  };
  const table: Table = {
    ...ports.table,
    async put(item, condition) {
      check([item]);
      return ports.table.put(item, condition);
    },
    async putMany(puts) {
      // Each stands alone: it may die between any two.
      const results = [];
      for (const { item, condition } of puts) {
        check([item]);
        results.push(await ports.table.put(item, condition));
      }
      return results;
    },
    async remove(key, condition) {
      check([]);
      return ports.table.remove(key, condition);
    },
  };
  const queue: Ports['queue'] = {
    ...ports.queue,
    async send(messages) {
      check([]);
      await ports.queue.send(messages);
    },
  };
  return { ...ports, table, queue };
}

/** Hands a batch over until somebody has lived through it. */
async function insist(
  scene: Scene,
  items: readonly Item[],
  diesAt: () => boolean,
  deaths: { count: number },
): Promise<void> {
  for (;;) {
    const { decider } = scene.decider(dying(scene.ports, diesAt));
    try {
      await fanOut(decider, items);
      return;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      deaths.count++;
    }
  }
}

test('a decider may die between any two writes: nothing is exceeded, nobody is forgotten', async () => {
  const limit: LimitedBy = { name: 'x', key: '${{ item }}', max: 1, sum: 2 };
  const each = [['p', 'p', 'q']];
  const tasks = [workOf('m', { each, limitedBy: [limit] }), under('z', { name: 'x', max: 1 })];
  let died = 0;
  for (let at = 1; at <= 60; at++) {
    const scene = openScene();
    await scene.submit(tasks);
    const deaths = { count: 0 };
    let writes = 0;
    const diesAt = (): boolean => ++writes === at;
    const done = new Set<string>();
    for (let round = 0; round < 40 && (await scene.state()) !== 'succeeded'; round++) {
      for (let items = scene.inserted(); items.length > 0; items = scene.inserted())
        await insist(scene, items.filter(isHappening), diesAt, deaths);
      const taken = (await take(scene)).filter(({ id, attempt }) => !done.has(`${id}@${attempt}`));
      // A message may come twice, and is claimed once.
      const sent = [...new Map(taken.map((one) => [one.id, one])).values()];
      const granted = await confirmSlots(scene.ports, scene.settings, runnerA, sent);
      const keys = [...granted].map(({ task }) => (task < 2 ? 'z' : (each[0]?.[task - 2] ?? '')));
      expect(new Set(keys).size).toBe(keys.length);
      for (const { task, attempt, id } of sent) {
        if (done.has(`${id}@${attempt}`)) continue;
        done.add(`${id}@${attempt}`);
        const outcome = [...granted].some((one) => one.id === id) ? 'succeeded' : 'released';
        await scene.report({ task, attempt, outcome });
      }
    }
    expect([at, await scene.state()]).toEqual([at, 'succeeded']);
    const left = [
      ...(await slotsOf(scene, 'w/x=p')),
      ...(await slotsOf(scene, 'w/x=q')),
      ...(await slotsOf(scene, 'w/x+')),
    ];
    expect([at, left.filter((task) => task !== undefined)]).toEqual([at, []]);
    died += deaths.count;
  }
  expect(died).toBeGreaterThan(20);
});

const isHappening = ({ sort }: Item): boolean =>
  /^(META|PACK#|MIX#|CONTROL#|SPAWN#|LOST#)/.test(sort);
