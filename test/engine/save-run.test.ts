import { expect, test } from '@jest/globals';
import { numberOf } from '../../src/core/graph.ts';
import { fanOut } from '../../src/engine/fan-out.ts';
import { segmentsPerPage } from '../../src/engine/items.ts';
import type { LoadedRun } from '../../src/engine/loaded-run.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { type Item, Unavailable } from '../../src/ports/table.ts';
import { openScene, runId, workOf } from '../support/scene.ts';

const isPage = ({ sort }: Item): boolean => sort.startsWith('SEGMENTS#');

/** Ports whose next put of a page of spawns is not answered: it was applied, or not. */
function failingOnce(ports: Ports, applied: boolean): Ports {
  let fails = true;
  const put: Ports['table']['put'] = async (item, condition) => {
    if (!isPage(item) || !fails) return ports.table.put(item, condition);
    fails = false;
    if (applied) await ports.table.put(item, condition);
    throw new Unavailable('the process died here');
  };
  return { ...ports, table: { ...ports.table, put } };
}

test.each([
  ['before it', false],
  ['after it', true],
])(
  'what was spawned leaves META page by page, and a death %s loses nothing',
  async (_when, applied) => {
    const scene = openScene();
    const load = async () => (await scene.decider().decider.runs.load(runId)) as LoadedRun;
    const each = [['x']];
    const maps = Array.from({ length: segmentsPerPage }, (_, n) => workOf(`m${n}`, { each }));
    await scene.submit([...maps, workOf('late', { each, needs: ['m0'] })]);
    await scene.fold();
    const { graph } = (await load()).progress;
    const elements = maps.map(({ id }) => ({ task: numberOf(graph, `${id}[0]`) as number }));
    expect((await load()).meta).toMatchObject({ segments: { length: segmentsPerPage } });

    await scene.report(elements[0] as object);
    await fanOut(scene.own, scene.inserted());
    const spawn = scene.inserted();
    const dying = scene.decider(failingOnce(scene.ports, applied)).decider;
    await expect(fanOut(dying, spawn)).rejects.toThrow(Unavailable);
    await fanOut(scene.decider().decider, spawn);
    expect((await load()).meta).toMatchObject({ segmentPages: 1, segments: { length: 1 } });

    const late = numberOf((await load()).progress.graph, 'late[0]') as number;
    await scene.report(...elements.slice(1), { task: late });
    await fanOut(scene.decider().decider, scene.inserted());
    const { meta, progress } = await load();
    expect([meta.state, progress.graph.size]).toEqual(['succeeded', 2 * maps.length + 2]);
  },
);

test('a run ends whose last task ended elsewhere between the saves of two chunks', async () => {
  const scene = openScene({ smallRunTasks: 0, chunkSize: 2 });
  await scene.submit([workOf('a'), workOf('b'), workOf('c')]);
  await scene.fold();
  const other = scene.decider().decider;
  await other.runs.load(runId);
  await scene.report({ task: 0 }, { task: 2 });
  const first = scene.inserted();
  const between = async (): Promise<void> => {
    await scene.report({ task: 1 });
    await fanOut(other, scene.inserted());
  };
  const putMany: Ports['table']['putMany'] = async (puts) => {
    const [one, ...rest] = puts;
    if (one === undefined || rest.length === 0) return scene.ports.table.putMany(puts);
    const results = await scene.ports.table.putMany([one]);
    await between();
    return [...results, ...(await scene.ports.table.putMany(rest))];
  };
  const { ports } = scene;
  await fanOut(scene.decider({ ...ports, table: { ...ports.table, putMany } }).decider, first);
  expect(await scene.state()).toBe('succeeded');
});
