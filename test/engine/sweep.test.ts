import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ulid } from 'ulid';
import { systemHost } from '../../src/adapters/memory/host.ts';
import { memoryPorts, memorySystem } from '../../src/adapters/memory/system.ts';
import { createArchive } from '../../src/engine/archive.ts';
import { controlRun } from '../../src/engine/control-run.ts';
import { createDecider } from '../../src/engine/create-engine.ts';
import { fromData, type WakeList, wakeListPartition } from '../../src/engine/items.ts';
import { defaultSettings, type EngineSettings } from '../../src/engine/settings.ts';
import { submitMany } from '../../src/engine/submit.ts';
import { sweepRuns } from '../../src/engine/sweep.ts';
import { wakeListPuts } from '../../src/engine/wake-lists.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { workflowOf } from '../support/home.ts';

/** An engine without a runner, whose clock is set by hand. */
function openStill(more: Partial<EngineSettings>) {
  let now = Date.now();
  const clock = { now: () => ++now, sleep: async () => undefined };
  const ports = memoryPorts(memorySystem(systemHost), {
    clock,
    ids: { next: () => ulid() },
    random: { next: Math.random },
  });
  const settings = { ...defaultSettings, shards: 1, ...more };
  const { decider, specs } = createDecider(ports, settings);
  const workflow = workflowOf([{ id: 'only' }]);
  const text = JSON.stringify(workflow);
  const hash = createHash('sha256').update(text).digest('hex');
  const canonical = () => ({ workflow, text, hash });
  const archive = createArchive(decider, specs);
  const submitter = { ports, settings, specs, canonical, runs: decider.runs, archive };
  return {
    decider,
    /** Another process, which has nothing in memory, so much later. */
    later(ms: number, other: Partial<Ports> = {}) {
      now += ms;
      return createDecider({ ...ports, ...other }, settings).decider;
    },
    async lists(): Promise<readonly WakeList[]> {
      const partition = wakeListPartition(settings.namespace, '0');
      const { items } = await ports.table.query({ partition });
      return items.map(({ data }) => fromData<WakeList>(data));
    },
    async inIndexes(): Promise<readonly number[]> {
      const { namespace } = settings;
      const names = { active: 'ACTIVE', recent: 'RECENT' } as const;
      const pages = await Promise.all(
        (['active', 'recent'] as const).map((name) =>
          ports.table.index(name, { partition: `${namespace}/${names[name]}#0` }),
        ),
      );
      return pages.map(({ items }) => items.length);
    },
    async submit(count: number): Promise<readonly string[]> {
      const runs = Array.from({ length: count }, () => ({}));
      const ids = await submitMany(submitter, { workflow, runs });
      const partition = `${settings.namespace}/RECENT#0`;
      const indexed = async () => (await ports.table.index('recent', { partition })).items.length;
      while ((await indexed()) < count) await new Promise((resolve) => setTimeout(resolve, 5));
      return ids;
    },
    /** Lets the time come for a run's next visit, and says how many minutes that took. */
    async visit(id: string): Promise<number> {
      const run = await decider.runs.look(id);
      const wakeAt = run?.meta.wakeAt ?? (run?.meta.createdAt ?? 0) + settings.wakeMs;
      const minutes = Math.round(Math.max(0, wakeAt - now) / 60_000);
      now = Math.max(now, wakeAt);
      // The index lags.
      while ((await sweepRuns(decider)).visited === 0)
        await new Promise((resolve) => setTimeout(resolve, 5));
      return minutes;
    },
  };
}

/**
 * A visit puts off the next one, and so moves the run to the end of the very list that is walked: with more runs than
 * a page holds, a walk without end would never let a server start.
 */
test('a restart visits each open run once, however many there are', async () => {
  const count = 450;
  const { decider, submit } = openStill({});
  await submit(count);
  expect(await sweepRuns(decider, true)).toMatchObject({
    visited: count,
    resent: count,
    stuck: [],
  });
});

describe('a run that does not move', () => {
  const wakeMs = 5 * 60_000;

  test('is visited at doubling intervals, until it moves', async () => {
    const { decider, submit, visit } = openStill({ wakeMs });
    const [id = ''] = await submit(1);
    const intervals: number[] = [];
    for (let n = 0; n < 4; n++) intervals.push(await visit(id));
    await controlRun(decider, id, { action: 'pause' });
    for (let n = 0; n < 4; n++) intervals.push(await visit(id));
    expect(intervals).toEqual([5, 10, 20, 40, 80, 5, 10, 20]);
  });

  test('is visited soon after a rerun, however long ago it had ended', async () => {
    const { decider, submit, visit } = openStill({ wakeMs });
    const [id = ''] = await submit(1);
    for (let n = 0; n < 6; n++) await visit(id);
    await controlRun(decider, id, { action: 'cancel' });
    await controlRun(decider, id, { action: 'rerun' });
    expect(await visit(id)).toBe(0);
    expect([await visit(id), await visit(id)]).toEqual([5, 10]);
  });
});

describe('runs that were submitted together', () => {
  const wakeMs = 5 * 60_000;

  test('are in one list, and each in the index from its first visit on', async () => {
    const { submit, inIndexes, later, lists } = openStill({ wakeMs });
    const ids = await submit(3);
    expect(await inIndexes()).toEqual([0, 3]);
    expect((await lists()).map(({ runs }) => runs)).toEqual([ids]);
    expect(await sweepRuns(later(wakeMs - 60_000))).toMatchObject({ visited: 0 });
    expect(await sweepRuns(later(60_000))).toMatchObject({ visited: 3 });
    expect(await inIndexes()).toEqual([3, 3]);
    expect(await lists()).toEqual([]);
  });

  test('leave their list without a visit when they have ended', async () => {
    const { decider, submit, later, lists } = openStill({ wakeMs });
    const [id = ''] = await submit(1);
    await controlRun(decider, id, { action: 'cancel' });
    expect(await sweepRuns(later(wakeMs))).toMatchObject({ visited: 0 });
    expect(await lists()).toEqual([]);
  });

  test('stay listed while one is damaged, or not there yet', async () => {
    const { decider, submit, later, lists } = openStill({ wakeMs });
    const blobs = { ...decider.ports.blobs, get: async () => undefined };
    const [id = ''] = await submit(1);
    const { stuck } = await sweepRuns(later(wakeMs, { blobs }));
    expect(stuck).toMatchObject([{ run: id }]);
    expect(await lists()).toEqual([{ runs: [id], delayMs: 2 * wakeMs }]);
    expect(await sweepRuns(later(2 * wakeMs))).toMatchObject({ visited: 1, stuck: [] });
    expect(await lists()).toEqual([]);
    const puts = wakeListPuts(decider.settings, decider.ports.clock.now(), ['none'], () => 'x');
    await decider.ports.table.putMany(puts);
    for (let n = 0; n < 8; n++) {
      expect((await lists()).map(({ runs }) => runs)).toEqual([['none']]);
      await sweepRuns(later(wakeMs * 2 ** n));
    }
    for (let n = 8; n < 12; n++) await sweepRuns(later(wakeMs * 2 ** n));
    expect(await lists()).toEqual([]);
  });
});
