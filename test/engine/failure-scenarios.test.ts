import { expect, test } from '@jest/globals';
import { Problem } from '../../src/contract/problem.ts';
import { fromBody } from '../../src/contract/task-message.ts';
import { createArchive } from '../../src/engine/archive.ts';
import { controlRun } from '../../src/engine/control-run.ts';
import { judgeDead } from '../../src/engine/dead-letters.ts';
import { spawnPut } from '../../src/engine/expand.ts';
import { fanOut } from '../../src/engine/fan-out.ts';
import { runPartition } from '../../src/engine/items.ts';
import { lostPut } from '../../src/engine/lost.ts';
import { meetClaimed } from '../../src/engine/meet-claimed.ts';
import { submit } from '../../src/engine/submit.ts';
import { sweepRunners, sweepRuns } from '../../src/engine/sweep.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { type Item, Unavailable } from '../../src/ports/table.ts';
import { createClaims } from '../../src/runner/claims.ts';
import {
  canonical,
  openScene,
  runId,
  runnerA,
  runnerB,
  type Scene,
  workOf,
} from '../support/scene.ts';

const pair = [workOf('a'), workOf('b', { needs: ['a'] })];
const join = [workOf('a'), workOf('b'), workOf('c', { needs: ['a', 'b'] })];

async function begun(tasks: Parameters<Scene['submit']>[0], scene = openScene()): Promise<Scene> {
  await scene.submit(tasks);
  await scene.fold();
  return scene;
}

/** The ports, of which one call fails as long as `fails` says so. */
function failing(ports: Ports, fails: () => boolean): Ports {
  const send: Ports['queue']['send'] = async (messages) => {
    if (fails()) throw new Unavailable('the process died here');
    await ports.queue.send(messages);
  };
  return { ...ports, queue: { ...ports.queue, send } };
}

/** An item of the run is put as its runner would. */
const spawnOf = (scene: Scene, attempt: number, parent = 0) =>
  spawnPut(scene.settings, runId, {
    parent,
    attempt,
    at: scene.ports.clock.now(),
    made: { kind: 'tasks', requests: [{ key: 'x' }] },
  });

test('B1: a ready task whose message vanished is sent again by the sweep', async () => {
  const scene = await begun(pair);
  expect(await scene.drain()).toEqual(['a@1']);
  expect((await sweepRuns(scene.own)).visited).toBe(0);
  scene.pass(10 * 60_000);
  expect(await sweepRuns(scene.own)).toMatchObject({ visited: 1, resent: 1 });
  expect(await scene.drain()).toEqual(['a@1']);
});

test('B1: a report whose feed record was lost is folded by the sweep', async () => {
  const scene = await begun(pair);
  await scene.report({ task: 0 });
  scene.inserted();
  scene.pass(10 * 60_000);
  await scene.drain();
  expect(await sweepRuns(scene.own)).toMatchObject({ visited: 1, resent: 1 });
  expect(await scene.drain()).toEqual(['b@1']);
});

test('B2: a decider that died between its save and its sends is made good when the batch comes again', async () => {
  const scene = await begun(pair);
  await scene.drain();
  await scene.report({ task: 0 });
  const batch = scene.inserted();
  let dead = true;
  const { decider } = scene.decider(failing(scene.ports, () => dead));
  await expect(fanOut(decider, batch)).rejects.toThrow(Unavailable);
  dead = false;
  await fanOut(decider, batch);
  expect(await scene.drain()).toEqual(['b@1']);
});

test('B2: the run’s end is written when the last batch comes again to another decider', async () => {
  const scene = await begun(pair, openScene({ smallRunTasks: 0, chunkSize: 1 }));
  await scene.report({ task: 0 }, { task: 1 });
  const batch = scene.inserted();
  const table = { ...scene.ports.table };
  table.put = async (item, condition) => {
    if (item.sort === 'META') throw new Unavailable('the process died here');
    return scene.ports.table.put(item, condition);
  };
  table.putMany = (puts) => Promise.all(puts.map((one) => table.put(one.item, one.condition)));
  await expect(fanOut(scene.decider({ ...scene.ports, table }).decider, batch)).rejects.toThrow();
  expect(await scene.state()).toBe('running');
  await fanOut(scene.decider().decider, batch);
  expect(await scene.state()).toBe('succeeded');
});

test('B3: a run does not end without sub-tasks whose spawn comes by the feed after their parent’s report', async () => {
  const scene = await begun([workOf('a')]);
  await scene.drain();
  const spawn = spawnOf(scene, 1);
  await scene.ports.table.put(spawn.item, spawn.condition);
  const [late] = scene.inserted();
  await scene.report({ task: 0, spawns: [spawn.item.sort] });
  await scene.fold();
  expect([await scene.state(), await scene.drain()]).toEqual(['running', ['a/x@1']]);
  await fanOut(scene.own, late ? [late] : []);
  await scene.report({ task: 1 });
  await scene.fold();
  expect(await scene.state()).toBe('succeeded');
});

test('B3: what a lost attempt had asked for is no task of the next one', async () => {
  const scene = await begun([workOf('a')]);
  const lost = lostPut(scene.settings, { run: runId, task: 0, attempt: 1 }, 0, 'gone');
  await scene.ports.table.put(lost.item, 'absent');
  await scene.fold();
  const stale = spawnOf(scene, 1);
  await scene.ports.table.put(stale.item, stale.condition);
  await scene.report({ task: 0, attempt: 2 });
  await scene.fold();
  expect(await scene.state()).toBe('succeeded');
});

test('B4: a task that its dead runner went on with, and never claimed, is sent', async () => {
  const scene = await begun([...pair, workOf('c', { needs: ['b'] })]);
  await scene.drain();
  await scene.beat(runnerA, [[0, 1]]);
  await scene.report({ task: 0, continued: { task: 1, attempt: 1 } });
  await scene.fold();
  await scene.report({ task: 1, continued: { task: 2, attempt: 1 } });
  await scene.fold();
  expect(await scene.drain()).toEqual([]);
  scene.pass(10 * 60_000);
  await sweepRunners(scene.own);
  await scene.fold();
  expect(await scene.drain()).toEqual(['c@1']);
});

test.each([{ continued: { task: 2, attempt: 1 } }, {}])(
  'B4: a link whose runner was lost before its turn, as only another decider knows, is sent (%j)',
  async (led) => {
    // The other open task, or its chunk would be looked at for the run's end.
    const tasks = [...pair, workOf('open')];
    const scene = await begun(tasks, openScene({ smallRunTasks: 0, chunkSize: 1 }));
    await scene.drain();
    const { decider: other } = scene.decider();
    await other.runs.load(runId);
    const lost = lostPut(scene.settings, { run: runId, task: 2, attempt: 1 }, 0, 'gone');
    await scene.ports.table.put(lost.item, 'absent');
    await scene.fold();
    await scene.report({ task: 0, ...led });
    await fanOut(other, scene.inserted());
    expect(await scene.drain()).toEqual(['b@2']);
  },
);

test('B4: a chain does not go on with what may not begin again', async () => {
  const scene = await begun([...pair, workOf('c', { needs: ['b'], onLost: 'fail' })]);
  const options = { queues: ['tasks-default'], max: 1, waitMs: 0, visibilityMs: 1000 };
  const [letter] = await scene.ports.queue.take(options);
  const rows = letter ? fromBody(letter.body).tasks : [];
  const led = rows.flatMap(([, , , , , follow]) => follow ?? []);
  expect(led.map(({ id }) => id)).toEqual(['b']);
});

test('B5: a claim that landed though its answer was lost is the claimer’s own', async () => {
  const scene = openScene();
  let lost = 1;
  const table = { ...scene.ports.table };
  table.putMany = async (puts) => {
    const results = await scene.ports.table.putMany(puts);
    if (lost-- > 0) throw new Unavailable('no answer');
    return results;
  };
  const claims = createClaims({ ...scene.ports, table }, scene.settings);
  const one = { run: runId, task: 0, attempt: 1 };
  expect(await claims.claim([one], runnerA)).toMatchObject([{ granted: true }]);
  const others = createClaims(scene.ports, scene.settings);
  expect(await others.claim([one], runnerB)).toMatchObject([{ granted: false, owner: runnerA }]);
  expect(await others.claim([{ ...one, attempt: 2 }], runnerB)).toMatchObject([{ granted: true }]);
});

test('B6: who gets a message that is claimed looks at the owner’s heartbeat', async () => {
  const scene = await begun(pair);
  const at = scene.ports.clock.now();
  const one = { run: runId, task: 0, attempt: 1, owner: runnerA, at: at + 1, follow: [] };
  const meet = () => meetClaimed(scene.ports, scene.settings, [one]);
  await scene.beat(runnerA, []);
  expect(await meet()).toEqual(['early']);
  await scene.beat(runnerA, [[0, 1]]);
  expect(await meet()).toEqual(['settled']);
  scene.pass(scene.settings.leaseMs + scene.settings.skewMs + 1);
  expect(await meet()).toEqual(['lost']);
  await scene.drain();
  await scene.fold();
  expect(await scene.drain()).toEqual(['a@2']);
});

test('B6: a runner that claimed and died before any heartbeat is found by its message', async () => {
  const scene = await begun(pair);
  const one = { run: runId, task: 0, attempt: 1, owner: runnerA, at: 0, follow: [] };
  expect(await meetClaimed(scene.ports, scene.settings, [one])).toEqual(['lost']);
});

test('B7: of two deciders that end the needs of one task in different chunks, at least one sends it', async () => {
  const scene = await begun(join, openScene({ smallRunTasks: 0, chunkSize: 1 }));
  await scene.drain();
  await scene.report({ task: 0 });
  const first = scene.inserted();
  await scene.report({ task: 1 });
  const second = scene.inserted();
  const [one, other] = [scene.decider().decider, scene.decider().decider];
  await Promise.all([one.runs.load(runId), other.runs.load(runId)]);
  await Promise.all([fanOut(one, first), fanOut(other, second)]);
  expect(new Set(await scene.drain())).toEqual(new Set(['c@1']));
});

test('B8: of a cancel and the last report one wins, and the answer says which', async () => {
  for (const early of [true, false]) {
    const scene = await begun([workOf('a')]);
    const { decider } = scene.decider();
    await decider.runs.load(runId);
    await scene.report({ task: 0 });
    if (early) await controlRun(decider, runId, { action: 'cancel' });
    await scene.fold();
    expect(await scene.state()).toBe(early ? 'cancelled' : 'succeeded');
    if (!early)
      await expect(controlRun(decider, runId, { action: 'cancel' })).rejects.toThrow(Problem);
  }
});

test('M1: of two packs for one attempt the one that decided it says what its output is, for whoever looks', async () => {
  const scene = await begun([
    workOf('a', { delivery: 'at-least-once' }),
    workOf('b', { needs: ['a'], with: { from: '${{ tasks.a.output }}' } }),
  ]);
  await scene.drain();
  const blob = await scene.ports.blobs.put(new TextEncoder().encode('"second, in a blob"'));
  await scene.report({ task: 0, output: { value: 'first' } });
  await scene.report({ task: 0, output: { blob, size: 19 } });
  const [first, second] = scene.inserted();
  await fanOut(scene.decider().decider, [second as Item]);
  await fanOut(scene.decider().decider, [first as Item]);
  const inputs = async () => {
    const options = { queues: ['tasks-default'], max: 10, waitMs: 0, visibilityMs: 1000 };
    const taken = await scene.ports.queue.take(options);
    await scene.ports.queue.remove(taken.map(({ receipt }) => receipt));
    return taken.flatMap(({ body }) =>
      fromBody(body).tasks.map(([, , id, , input]) => [id, input]),
    );
  };
  const told = [JSON.stringify(['b', { from: 'second, in a blob' }])];
  const distinct = async () => [...new Set((await inputs()).map((one) => JSON.stringify(one)))];
  expect(await distinct()).toEqual(told);
  scene.pass(10 * 60_000);
  await sweepRuns(scene.decider().decider);
  expect(await distinct()).toEqual(told);
});

test('M2: reports and losses folded in either order by two deciders come to one state', async () => {
  const scene = await begun(pair);
  await scene.report({ task: 0 });
  const lost = lostPut(scene.settings, { run: runId, task: 0, attempt: 1 }, 0, 'gone');
  await scene.ports.table.put(lost.item, 'absent');
  const both = scene.inserted();
  await fanOut(scene.decider().decider, both);
  await fanOut(scene.decider().decider, [...both].reverse());
  const run = await scene.decider().decider.runs.load(runId);
  expect(run?.progress.chunks[0]?.refused).toEqual([]);
  expect(new Set(await scene.drain())).toEqual(new Set(['a@1', 'b@1']));
});

test('M4: a workflow is stored before its run, and the same id with another one is refused', async () => {
  const scene = openScene();
  await scene.submit(pair);
  const { items } = await scene.ports.table.query({ partition: runPartition('main', runId) });
  expect(await scene.ports.blobs.has(items[0]?.data.hash as string)).toBe(true);
  await scene.submit(pair);
  const { specs, decider } = scene.decider();
  const archive = createArchive(decider, specs);
  const submitter = { ...scene, specs, runs: decider.runs, canonical, archive };
  const other = { id: runId, workflow: { name: 'w', tasks: join }, input: {} };
  await expect(submit(submitter, other)).rejects.toMatchObject({ code: 'run-exists' });
});

test('M13: a rerun is a generation of its own, in which a late report of the first does not count', async () => {
  const scene = await begun([workOf('a')]);
  await scene.drain();
  await scene.report({ task: 0, outcome: 'failed' });
  await scene.fold();
  expect(await scene.state()).toBe('failed');
  await controlRun(scene.own, runId, { action: 'rerun' });
  await scene.fold();
  const [again = ''] = await scene.drain();
  expect(again).not.toBe('a@1');
  await scene.report({ task: 0, outcome: 'succeeded' });
  await scene.fold();
  expect(await scene.state()).toBe('running');
  await scene.report({ task: 0, attempt: Number(again.slice(2)) });
  await scene.fold();
  expect(await scene.state()).toBe('succeeded');
});

test('M14: a stale report is refused at the fold, and noted', async () => {
  const scene = await begun(pair);
  const lost = lostPut(scene.settings, { run: runId, task: 0, attempt: 1 }, 0, 'gone');
  await scene.ports.table.put(lost.item, 'absent');
  await scene.fold();
  await scene.report({ task: 0, outcome: 'failed' });
  await scene.fold();
  const run = await scene.own.runs.load(runId);
  expect(run?.progress.chunks[0]?.refused).toHaveLength(1);
  expect(new Set(await scene.drain())).toEqual(new Set(['a@1', 'a@2']));
});

test('M5: of two deciders that number new sub-tasks, both come to the same numbers', async () => {
  const scene = await begun([workOf('a'), workOf('b')]);
  await scene.drain();
  const [mine, others] = [spawnOf(scene, 1), spawnOf(scene, 1, 1)];
  await scene.ports.table.putMany([mine, others]);
  const [first, second] = scene.inserted();
  if (first === undefined || second === undefined) throw new Error('both were inserted');
  const [one, other] = [scene.decider().decider, scene.decider().decider];
  await Promise.all([one.runs.load(runId), other.runs.load(runId)]);
  await Promise.all([fanOut(one, [first]), fanOut(other, [second])]);
  const run = await scene.decider().decider.runs.load(runId);
  expect(run?.progress.graph.size).toBe(4);
  expect(new Set(await scene.drain())).toEqual(new Set(['a/x@1', 'b/x@1']));
});

test('M7: a dead message of an attempt that runs is dropped, and one that nobody claimed is sent again', async () => {
  const scene = await begun(pair);
  const bury = async (): Promise<void> => {
    const options = { queues: ['tasks-default'], max: 1, waitMs: 0, visibilityMs: 0 };
    while ((await scene.ports.queue.take(options)).length > 0);
  };
  await bury();
  const judged = () => judgeDead(scene.ports, scene.settings);
  expect(await judged()).toEqual({ letters: 1, resent: 1, lost: 0 });
  scene.pass(20 * 60_000);
  await scene.beat(runnerA, [[0, 1]]);
  await createClaims(scene.ports, scene.settings).claim(
    [{ run: runId, task: 0, attempt: 1 }],
    runnerA,
  );
  await bury();
  expect(await judged()).toEqual({ letters: 1, resent: 0, lost: 0 });
  await scene.fold();
  expect(await scene.drain()).toEqual([]);
});

test('M7: an attempt whose messages die again and again, unclaimed, is lost for that reason', async () => {
  const scene = await begun(pair);
  const options = { queues: ['tasks-default'], max: 1, waitMs: 0, visibilityMs: 0 };
  const judged = async () => {
    while ((await scene.ports.queue.take(options)).length > 0);
    const { resent, lost } = await judgeDead(scene.ports, scene.settings);
    scene.pass(20 * 60_000);
    return [resent, lost];
  };
  for (let deaths = 1; deaths <= 10; deaths++) expect(await judged()).toEqual([1, 0]);
  expect(await judged()).toEqual([0, 1]);
  const { items } = await scene.ports.table.query({ partition: `main/RUN#${runId}` });
  const lost = items.filter(({ sort }) => sort.startsWith('LOST#'));
  expect(lost.map(({ data }) => data.reason)).toEqual(['its message was received too often']);
  await scene.fold();
  expect(await scene.drain()).toEqual(['a@2']);
});

test('M7: dead messages are judged all in one go, whatever is wrong with one of them', async () => {
  const call = { run: { kind: 'shell', line: 'true' } } as const;
  const scene = await begun(Array.from({ length: 25 }, (_, n) => workOf(`t${n}`, call)));
  await scene.ports.queue.send([{ queue: 'tasks-default', body: { tasks: 'none' } }]);
  const options = { queues: ['tasks-default'], max: 10, waitMs: 0, visibilityMs: 0 };
  while ((await scene.ports.queue.take(options)).length > 0);
  await expect(judgeDead(scene.ports, scene.settings)).rejects.toThrow(TypeError);
  scene.pass(20 * 60_000);
  expect(await scene.drain()).toHaveLength(25);
});

test('M7: a dead message is needed while one of its attempts may be held, whatever becomes of the others', async () => {
  const call = { run: { kind: 'function', language: 'node', path: 'w.js', name: 'w' } } as const;
  const scene = await begun([workOf('a', call), workOf('b', call)]);
  await scene.beat(runnerA, []);
  scene.pass(1);
  const claims = createClaims(scene.ports, scene.settings);
  await claims.claim([{ run: runId, task: 0, attempt: 1 }], runnerA);
  const options = { queues: ['tasks-default'], max: 1, waitMs: 0, visibilityMs: 0 };
  while ((await scene.ports.queue.take(options)).length > 0);
  const judged = () => judgeDead(scene.ports, scene.settings);
  expect(await judged()).toEqual({ letters: 1, resent: 0, lost: 0 });
  // That runner died after its claim, before any heartbeat that lists it.
  scene.pass(2 * 60_000);
  await sweepRunners(scene.own);
  expect(await judged()).toEqual({ letters: 1, resent: 1, lost: 1 });
  await scene.fold();
  scene.pass(2 * 60_000);
  expect(await scene.drain()).toEqual(['a@2', 'b@1']);
  expect(await judged()).toEqual({ letters: 0, resent: 0, lost: 0 });
});

test('M7: of a dead message that was its attempts’ lease, each is tried alone before it is lost', async () => {
  const run = { kind: 'snippet', language: 'node', code: 'return 1;' } as const;
  const scene = await begun(
    ['a', 'b'].map((id) => ({ id, run, delivery: 'at-least-once' as const })),
  );
  const options = { queues: ['tasks-default'], max: 10, waitMs: 0, visibilityMs: 0 };
  const bury = async (): Promise<number> => {
    const first = await scene.ports.queue.take(options);
    while ((await scene.ports.queue.take(options)).length > 0);
    return first.length;
  };
  expect(await bury()).toBe(1);
  expect(await judgeDead(scene.ports, scene.settings)).toEqual({ letters: 1, resent: 2, lost: 0 });
  scene.pass(20 * 60_000);
  expect(await bury()).toBe(2);
  expect(await judgeDead(scene.ports, scene.settings)).toEqual({ letters: 2, resent: 0, lost: 2 });
  await scene.fold();
  expect(await scene.drain()).toEqual(['a@2', 'b@2']);
});
