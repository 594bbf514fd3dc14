import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Workflow } from '../../src/contract/workflow.ts';
import { bounds } from '../../src/definition/bounds.ts';
import { parseWorkflowText } from '../../src/definition/parse.ts';
import { call, type Ended, fanfold, root } from '../examples/cli.ts';
import { openPlace, type Place } from './server.ts';

let place: Place;
afterEach(() => place.remove());

const cli = (...args: string[]): Promise<Ended> =>
  fanfold(args, { cwd: place.folder, env: place.env });

interface Told {
  readonly task: string;
  readonly event: 'start' | 'success' | 'failure';
  readonly ts: number;
}

/** Imports a recorded workflow, runs it, and gives what was told of it. */
async function play(recorded: string, scale: number, slots: number) {
  place = openPlace();
  const out = join(place.folder, 'w.json');
  const imported = await cli(
    'import',
    'wfcommons',
    recorded,
    '--scale',
    String(scale),
    '--out',
    out,
  );
  expect(imported).toMatchObject({ code: 0 });
  const ran = await cli('run', out, '--slots', String(slots), '--events', 'events', '--quiet');
  expect(ran).toMatchObject({ code: 0 });
  const lines = readFileSync(join(place.folder, 'events'), 'utf8').trim().split('\n');
  const workflow = parseWorkflowText(readFileSync(out, 'utf8'), out);
  return { workflow, ran, told: lines.map((line) => JSON.parse(line) as Told) };
}

/** Each task succeeded once, and began after all that it needs had succeeded. */
function expectInOrder({ tasks }: Workflow, told: readonly Told[]): void {
  const times = (event: Told['event']) =>
    new Map(told.filter((one) => one.event === event).map(({ task, ts }) => [task, ts]));
  const [starts, ends] = [times('start'), times('success')];
  expect(told.map(({ event }) => event).sort()).toEqual([
    ...tasks.map(() => 'start'),
    ...tasks.map(() => 'success'),
  ]);
  for (const { id, needs = [] } of tasks)
    for (const need of needs)
      expect({ id, need, early: (starts.get(id) ?? 0) < (ends.get(need) ?? 0) }).toMatchObject({
        early: false,
      });
}

describe('a recorded workflow runs in its order', () => {
  test.each(['diamond', 'stages'])('%s', async (name) => {
    const recorded = join(root, 'test/definition/fixtures', `${name}.wfformat.json`);
    const { workflow, told, ran } = await play(recorded, 0.01, 4);
    expectInOrder(workflow, told);
    expect(ran.stdout).toMatch(/^makespan [\d.]+ s, at least [\d.]+ s with 4 slots \(critical/m);
    const seconds = Math.max(...told.map(({ ts }) => ts)) - Math.min(...told.map(({ ts }) => ts));
    // Times are told in whole milliseconds.
    expect(seconds).toBeGreaterThan(bounds(workflow, 4).makespanSeconds - 0.01);
  });
});

/** Larger ones lie beside the repository where it is developed. */
const beside = join(root, '../shared/data/workflows');
const large = join(beside, 'instances/montage-chameleon-2mass-01d-001.json.gz');

if (!existsSync(large)) process.stderr.write('no recorded workflows beside the repository\n');
else
  test('a recorded astronomy workflow runs in its order, as an independent judge sees it too', async () => {
    const { workflow, told } = await play(large, 0.1, 16);
    expectInOrder(workflow, told);
    const judge = [join(beside, 'check_run.py'), large, join(place.folder, 'events'), '0.1'];
    const judged = await call('python3', judge, { cwd: place.folder });
    expect(judged).toMatchObject({ code: 0 });
    expect(JSON.parse(judged.stdout)).toMatchObject({ succeeded: 103, errors: 0 });
  });
