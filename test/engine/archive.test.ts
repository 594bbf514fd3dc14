import { afterEach, expect, test } from '@jest/globals';
import { ulid } from 'ulid';
import type { RunSummary } from '../../src/contract/api.ts';
import { createParts } from '../../src/engine/archive-part.ts';
import { archiveRuns } from '../../src/engine/archive-runs.ts';
import { runPartition } from '../../src/engine/items.ts';
import { looseMs } from '../../src/engine/retention.ts';
import type { EngineSettings, Retention } from '../../src/engine/settings.ts';
import { sweepRuns } from '../../src/engine/sweep.ts';
import { type Item, Unavailable } from '../../src/ports/table.ts';
import type { Behaviour } from '../support/fake-executor.ts';
import { type Home, openHome, workflowOf } from '../support/home.ts';

/**
 * Goal: a run that ended long ago leaves the table and stays readable, as it was.
 * Method: the engine and a runner in memory, on a clock that a test puts forward by days.
 */
const day = 86_400_000;
const retention: Retention = {
  archiveMs: 7 * day,
  lingerMs: 0,
  itemsMs: 15 * day,
  keepMs: 730 * day,
};
/** Then nothing is left in the table of what was archived. */
const longest = looseMs(retention) + day;
const work: Behaviour = ({ task }) =>
  task === 'bad'
    ? { outcome: 'failed', error: { reason: 'exit', message: 'no', exitCode: 3 } }
    : { output: { by: task } };

interface Place extends Home {
  pass(ms: number): void;
  archiveAll(): ReturnType<typeof archiveRuns>;
  /** What lies in the table of a run. */
  stored(id: string): Promise<readonly string[]>;
  listed(query?: Parameters<Home['engine']['runs']>[0]): Promise<readonly RunSummary[]>;
}

let place: Place | undefined;
afterEach(async () => {
  await place?.close();
  place = undefined;
});

function open(behaviour: Behaviour = work, settings: Partial<EngineSettings> = {}): Place {
  let ahead = 0;
  const more = { shards: 2, retention, ...settings };
  const home = openHome(behaviour, more, 1000, undefined, () => ahead);
  const parts = createParts(home.ports.blobs);
  place = {
    ...home,
    pass: (ms) => {
      ahead += ms;
    },
    archiveAll: () => archiveRuns(home.decider, parts),
    async stored(id) {
      const { items } = await home.ports.table.query({ partition: runPartition('main', id) });
      return items.map(({ sort }) => sort);
    },
    async listed(query = {}) {
      const all: RunSummary[] = [];
      for (let after: string | undefined; ; ) {
        const page = await home.engine.runs({ limit: 3, ...query, ...(after && { after }) });
        all.push(...page.items);
        if (page.next === null) return all;
        after = page.next;
      }
    },
  };
  return place;
}

/** All that the API tells of a run. */
async function told({ engine }: Place, id: string, task: string) {
  return {
    run: await engine.run(id),
    tasks: await engine.tasks(id, {}),
    task: await engine.task(id, task),
    events: await engine.events(id, {}),
    end: await engine.end(id, 0),
  };
}

const small = workflowOf([{ id: 'a' }, { id: 'b', needs: ['a'] }]);

test('an archived run tells what it told before, though nothing of it is in the table', async () => {
  const home = open();
  const workflow = workflowOf([
    { id: 'list', with: [1, 2, 3] },
    { id: 'each', needs: ['list'], each: [[1, 2, 3]] },
    {
      id: 'bad',
      needs: ['each'],
      retry: { attemptsMax: 2, backoff: { delayMsMin: 0, delayMsMax: 0 } },
    },
    { id: 'after', needs: ['bad'] },
  ]);
  const { run } = await home.engine.submit({ workflow, tags: ['x'], input: { n: 1 } });
  await home.ended(run.id);
  const before = await told(home, run.id, 'bad');
  home.pass(8 * day);
  expect(await home.archiveAll()).toEqual({ runs: 1, parts: 1, stuck: [] });
  const archived = { archived: true };
  const want = {
    ...before,
    run: { ...before.run, ...archived },
    end: { ...before.end, ...archived },
  };
  expect(await told(home, run.id, 'bad')).toEqual(want);
  home.pass(longest);
  expect(await home.stored(run.id)).toEqual([]);
  expect(await told(home, run.id, 'bad')).toEqual(want);
  expect(await home.listed()).toMatchObject([{ id: run.id, state: 'failed', archived: true }]);
  home.pass(731 * day);
  await expect(home.engine.run(run.id)).rejects.toMatchObject({ code: 'run-unknown' });
  expect(await home.listed()).toEqual([]);
});

test('a run of several chunks and many packs is archived whole', async () => {
  const home = open(work, { chunkSize: 8, smallRunTasks: 4 });
  const tasks = Array.from({ length: 200 }, (_, i) => ({
    id: `t${String(i).padStart(3, '0')}`,
    ...(i >= 100 && { needs: [`t${String(i - 100).padStart(3, '0')}`] }),
  }));
  const { run } = await home.engine.submit({ workflow: workflowOf(tasks) });
  await home.ended(run.id);
  expect((await home.stored(run.id)).length).toBeGreaterThan(25);
  const before = await told(home, run.id, 't150');
  home.pass(8 * day);
  await home.archiveAll();
  home.pass(longest);
  expect(await home.stored(run.id)).toEqual([]);
  const { run: view, ...rest } = await told(home, run.id, 't150');
  expect(view).toEqual({ ...before.run, archived: true });
  expect(rest).toEqual({
    tasks: before.tasks,
    task: before.task,
    events: before.events,
    end: { ...before.end, archived: true },
  });
});

test('what several runs have together, each takes with it', async () => {
  const runs = [{}, {}, {}, {}, {}];
  let started = 0;
  let end: () => void = () => undefined;
  const together = new Promise<void>((resolve) => {
    end = resolve;
  });
  const home = open(({ task }) => {
    if (++started === runs.length) end();
    return together.then(() => ({ output: { by: task } }));
  });
  const { ids } = await home.engine.submitMany({ workflow: workflowOf([{ id: 'a' }]), runs });
  for (const id of ids) await home.ended(id);
  const packs = await home.ports.table.query({ partition: `main/RUNNER#${home.runner}` });
  expect(packs.items.length).toBeGreaterThan(0);
  const before = await Promise.all(ids.map((id) => home.engine.task(id, 'a')));
  home.pass(8 * day);
  expect(await home.archiveAll()).toMatchObject({ runs: 5 });
  home.pass(longest);
  expect(await home.ports.table.query(packs.items[0] as Item)).toMatchObject({ items: [] });
  expect(await Promise.all(ids.map((id) => home.engine.task(id, 'a')))).toEqual(before);
});

test('many small runs share a part, and are found by workflow, state and time', async () => {
  const home = open();
  const ids: string[] = [];
  const days = 4;
  for (let n = 0; n < days; n++) {
    for (const tasks of [[{ id: 'a' }], [{ id: 'bad' }]]) {
      const workflow = workflowOf(tasks, { name: tasks[0]?.id ?? '' });
      const { run } = await home.engine.submit({ workflow, id: ulid(home.ports.clock.now()) });
      await home.ended(run.id);
      ids.push(run.id);
    }
    home.pass(day);
  }
  const all = await home.listed();
  expect(all.map(({ id }) => id)).toEqual([...ids].reverse());
  home.pass(4.5 * day);
  // The oldest two days' only.
  expect(await home.archiveAll()).toMatchObject({ runs: 4 });
  home.pass(longest);
  const archived = all.map((run) => (ids.indexOf(run.id) < 4 ? { ...run, archived: true } : run));
  expect(await home.listed()).toEqual(archived);
  expect(await home.listed({ limit: 100 })).toEqual(archived);
  const wantFailed = archived.filter(({ state }) => state === 'failed');
  expect(await home.listed({ state: 'failed' })).toEqual(wantFailed);
  expect(await home.listed({ workflow: 'bad' })).toEqual(wantFailed);
  const [third] = archived.slice(-3);
  const { createdAt = 0 } = third ?? {};
  expect(await home.listed({ since: createdAt })).toEqual(archived.slice(0, -2));
  expect(await home.listed({ until: createdAt })).toEqual(archived.slice(-2));
  for (const id of ids) expect(await home.engine.run(id)).toMatchObject({ id });
});

test('a run that ended late is archived by its end, one that goes on is not', async () => {
  let end: () => void = () => undefined;
  const ends = new Promise<object>((resolve) => {
    end = () => resolve({});
  });
  const home = open(({ task }) => (task === 'slow' ? ends : {}));
  const { run } = await home.engine.submit({ workflow: workflowOf([{ id: 'slow' }]) });
  home.pass(20 * day);
  expect(await home.archiveAll()).toEqual({ runs: 0, parts: 0, stuck: [] });
  end();
  await home.ended(run.id);
  home.pass(6 * day);
  expect(await home.archiveAll()).toEqual({ runs: 0, parts: 0, stuck: [] });
  home.pass(2 * day);
  expect(await home.archiveAll()).toEqual({ runs: 1, parts: 1, stuck: [] });
  expect(await home.archiveAll()).toEqual({ runs: 0, parts: 0, stuck: [] });
  home.pass(longest);
  expect(await home.stored(run.id)).toEqual([]);
  expect(await home.engine.run(run.id)).toMatchObject({ state: 'succeeded', archived: true });
});

test('an archived run is not run again, nor begun again under its id', async () => {
  const home = open();
  const request = { id: ulid(), workflow: small, input: {} };
  await home.engine.submit(request);
  await home.ended(request.id);
  home.pass(8 * day);
  await home.archiveAll();
  for (let times = 0; times < 2; times++) {
    const rerun = home.engine.control(request.id, { action: 'rerun' });
    await expect(rerun).rejects.toMatchObject({ code: 'run-archived' });
    expect(await home.engine.submit(request)).toMatchObject({ created: false });
    const other = home.engine.submit({ ...request, input: { other: 1 } });
    await expect(other).rejects.toMatchObject({ code: 'run-exists' });
    home.pass(longest);
  }
  expect(await home.stored(request.id)).toEqual([]);
});

test('who looked before it was archived cannot run it again either', async () => {
  const home = open();
  const { run } = await home.engine.submit({ workflow: small });
  await home.ended(run.id);
  home.pass(8 * day);
  const { table } = home.ports;
  const put = table.put;
  // The archive comes between the look and the request.
  table.put = async (item, condition) => {
    if (item.sort.startsWith('CONTROL#')) {
      table.put = put;
      await home.archiveAll();
    }
    return put(item, condition);
  };
  const rerun = home.engine.control(run.id, { action: 'rerun', tasks: ['a'] });
  await expect(rerun).rejects.toMatchObject({ code: 'run-archived' });
  expect((await home.stored(run.id)).filter((sort) => sort.startsWith('CONTROL#'))).toEqual([]);
  expect(await home.engine.run(run.id)).toMatchObject({ state: 'succeeded', generation: 1 });
});

test('a rerun that comes while its run is archived wins or loses whole', async () => {
  const home = open();
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    const { run } = await home.engine.submit({ workflow: small });
    await home.ended(run.id);
    ids.push(run.id);
  }
  home.pass(8 * day);
  const { blobs } = home.ports;
  const put = blobs.put;
  blobs.put = async (bytes) => {
    blobs.put = put;
    // What is about to be stored was read already.
    await home.engine.control(ids[1] as string, { action: 'rerun', tasks: ['b'] });
    return put(bytes);
  };
  await home.archiveAll();
  await home.ended(ids[1] as string);
  expect((await home.listed()).map(({ id, generation }) => [id, generation])).toEqual(
    [...ids].reverse().map((id) => [id, id === ids[1] ? 2 : 1]),
  );
  home.pass(8 * day);
  expect(await home.archiveAll()).toMatchObject({ runs: 1 });
  home.pass(longest);
  for (const id of ids) expect(await home.stored(id)).toEqual([]);
  expect(await home.engine.run(ids[1] as string)).toMatchObject({ generation: 2, archived: true });
  expect(await home.listed()).toHaveLength(3);
});

test('whoever archives may die between any two steps: nothing is lost, nothing is there twice', async () => {
  for (let steps = 0; ; steps++) {
    const home = open(work, { shards: 1 });
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      const { run } = await home.engine.submit({ workflow: small });
      await home.ended(run.id);
      ids.push(run.id);
    }
    home.pass(8 * day);
    const died = await dieAfter(home, steps);
    for (const id of ids) expect(await home.engine.run(id)).toMatchObject({ state: 'succeeded' });
    await home.archiveAll();
    home.pass(longest);
    for (const id of ids) {
      expect(await home.stored(id)).toEqual([]);
      expect(await home.engine.run(id)).toMatchObject({ state: 'succeeded', archived: true });
    }
    expect((await home.listed()).map(({ id }) => id)).toEqual([...ids].reverse());
    await home.close();
    if (!died) break;
  }
});

/** Archives, and dies after so many changes. False when there were not that many. */
async function dieAfter({ ports, archiveAll }: Place, steps: number): Promise<boolean> {
  const { table, blobs } = ports;
  const before = { put: table.put, putMany: table.putMany };
  const putBlob = blobs.put;
  let left = steps;
  const unlessDead = <Call extends readonly unknown[], T>(work: (...call: Call) => Promise<T>) => {
    return async (...call: Call): Promise<T> => {
      if (left-- <= 0) throw new Unavailable('it died');
      return work(...call);
    };
  };
  table.put = unlessDead(before.put);
  table.putMany = unlessDead(before.putMany);
  blobs.put = unlessDead(putBlob);
  try {
    await archiveAll();
    return false;
  } catch {
    return true;
  } finally {
    Object.assign(table, before);
    blobs.put = putBlob;
  }
}

test('what an open run rests on stays, however long it is open', async () => {
  let end: () => void = () => undefined;
  const ends = new Promise<object>((resolve) => {
    end = () => resolve({});
  });
  const home = open(({ task }) => (task === 'slow' ? ends : { output: task }), {
    wakeMs: day,
    leaseMs: 1000 * day,
  });
  const workflow = workflowOf([{ id: 'fast' }, { id: 'slow' }]);
  const runs = await home.engine.submitMany({ workflow, runs: [{}, {}, {}] });
  const [id = ''] = runs.ids;
  while ((await home.engine.run(id)).counts.succeeded < 1) await home.ports.clock.sleep(5);
  for (let weeks = 0; weeks < 60; weeks++) {
    home.pass(7 * day);
    await sweepRuns(home.decider);
    await home.archiveAll();
  }
  expect((await home.stored(id)).filter((sort) => sort.startsWith('CLAIM#'))).toHaveLength(1);
  end();
  await home.ended(id);
  expect((await home.engine.task(id, 'fast')).output).toBe('fast');
});

test('a run that cannot be read keeps nobody else in the table, and is told', async () => {
  const home = open(work, { shards: 1 });
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) {
    const { run } = await home.engine.submit({ workflow: small });
    await home.ended(run.id);
    ids.push(run.id);
  }
  const spoilt = ids[2] as string;
  const key = { partition: runPartition('main', spoilt), sort: 'META' };
  const meta = (await home.ports.table.get(key)) as Item;
  const torn = { ...meta, version: meta.version + 1, bytes: new Uint8Array([255]) };
  await home.ports.table.put(torn, { version: meta.version });
  home.pass(8 * day);
  const first = await home.archiveAll();
  expect(first).toMatchObject({ runs: 4, stuck: [{ run: spoilt }] });
  // It is looked at again, and keeps late runs from nothing either.
  expect(await home.archiveAll()).toMatchObject({ runs: 0, stuck: [{ run: spoilt }] });
  const now = (await home.ports.table.get(key)) as Item;
  const bytes = meta.bytes as Uint8Array;
  await home.ports.table.put({ ...now, version: now.version + 1, bytes }, 'any');
  expect(await home.archiveAll()).toMatchObject({ runs: 1, stuck: [] });
  home.pass(longest);
  for (const id of ids) expect(await home.stored(id)).toEqual([]);
});
