import { expect, test } from '@jest/globals';
import { createArchive } from '../../src/engine/archive.ts';
import { submitMany } from '../../src/engine/submit.ts';
import { sweepRuns } from '../../src/engine/sweep.ts';
import { createClaims } from '../../src/runner/claims.ts';
import { canonical, openScene, runnerA, runnerB, type Scene, workOf } from '../support/scene.ts';

const [first, second, third] = ['A', 'B', 'C'].map((end) => `01JG000000000000000000000${end}`) as [
  string,
  string,
  string,
];
const neighbours = [first, second];
const stranger = '01JG00000000000000000000AA';
const strangers = [first, stranger];
const attempt = (run: string, task: number) => ({ run, task, attempt: 1 });

const claimsIn = (scene: Scene): number =>
  scene.inserted().filter(({ sort }) => sort.startsWith('CLAIM#')).length;

test.each([
  {
    what: 'the first tasks of neighbouring runs',
    of: neighbours.map((run) => attempt(run, 0)),
    items: 1,
  },
  { what: 'the first tasks of other runs', of: strangers.map((run) => attempt(run, 0)), items: 2 },
  {
    what: 'later tasks of neighbouring runs',
    of: neighbours.map((run) => attempt(run, 1)),
    items: 2,
  },
  { what: 'the first and a later task', of: [attempt(first, 0), attempt(first, 1)], items: 2 },
  { what: 'neighbouring tasks', of: [attempt(first, 1), attempt(first, 63)], items: 1 },
])('claims on $what lie in $items items', async ({ of, items }) => {
  const scene = openScene();
  const answers = await createClaims(scene.ports, scene.settings).claim(of, runnerA);
  expect(answers).toEqual(of.map(() => ({ granted: true })));
  expect(claimsIn(scene)).toBe(items);
});

test('a claim on one run is none on its neighbour', async () => {
  const { ports, settings } = openScene();
  const [mine, others] = [createClaims(ports, settings), createClaims(ports, settings)];
  await mine.claim([attempt(first, 0)], runnerA);
  const answers = await others.claim([attempt(first, 0), attempt(second, 0)], runnerB);
  expect(answers).toMatchObject([{ granted: false, owner: runnerA }, { granted: true }]);
});

test('a sweep finds an old report of a run whose neighbours were claimed much later', async () => {
  const scene = openScene();
  const { ports, settings, own } = scene;
  const { specs } = scene.decider();
  const archive = createArchive(own, specs);
  const submitter = { ports, settings, specs, runs: own.runs, canonical, archive };
  const workflow = { name: 'w', tasks: [workOf('a', { delivery: 'at-most-once' })] };
  await submitMany(submitter, { workflow, runs: neighbours.map((id) => ({ id })) });
  await scene.fold();
  const claims = createClaims(ports, settings);
  await claims.claim([attempt(first, 0)], runnerA);
  for (const [n, run] of [first, stranger].entries()) {
    const at = ports.clock.now();
    const report = { run, task: 0, attempt: 1, outcome: 'succeeded', startedAt: at, endedAt: at };
    await ports.table.put(
      {
        partition: `main/RUNNER#${runnerA}`,
        sort: `MIX#${runnerA}#0000000${n}`,
        version: 1,
        data: { owner: runnerA, at, reports: [report] },
      },
      'absent',
    );
    scene.pass(1000);
  }
  scene.inserted();
  scene.pass(settings.wakeMs);
  await claims.claim([attempt(second, 0)], runnerA);
  await claims.claim([attempt(third, 0)], runnerA);
  expect(await sweepRuns(own, true)).toMatchObject({ lost: 1, stuck: [] });
  const item = await ports.table.get({ partition: `main/RUN#${first}`, sort: 'META' });
  expect(item?.data.state).toBe('succeeded');
});
