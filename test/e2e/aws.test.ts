import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/adapters/system.ts';
import type { Task, Workflow } from '../../src/contract/workflow.ts';
import { type Embedded, startEmbedded } from '../../src/embedded/index.ts';
import { createParts } from '../../src/engine/archive-part.ts';
import { archiveRuns } from '../../src/engine/archive-runs.ts';
import { createDecider } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { runPartition } from '../../src/engine/items.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import { type Emulator, startEmulator } from '../../tools/aws-local/emulator.ts';
import { whyNoEmulator } from '../../tools/aws-local/environment.ts';
import { type AwsEngine, openAwsEngine } from '../support/aws-engine.ts';
import { type AwsHome, INSTALL_MS, openAwsHome } from '../support/aws-home.ts';
import { canonicalRun } from '../support/canonical-events.ts';
import { node, python, shell, workflowOf } from './runs.ts';

const reason = whyNoEmulator();
const onEmulator = reason === undefined ? describe : describe.skip;

const retry = { attemptsMax: 3, backoff: { delayMsMin: 1, jitter: 'none' as const } };

/** What each holds: programs, warm calls, a map, another attempt, a failure and what follows from it, sub-tasks. */
const workflows: Readonly<Record<string, Workflow>> = {
  'a diamond of programs': workflowOf({
    first: { run: shell('echo begun; echo \'{"n": 2}\'') },
    left: { needs: ['first'], run: node('return input.n + 1;'), with: '${{ tasks.first.output }}' },
    right: {
      needs: ['first'],
      run: python('return input["n"] * 2'),
      with: '${{ tasks.first.output }}',
    },
    last: {
      needs: ['left', 'right'],
      run: { kind: 'command', argv: ['cat'] },
      with: { left: '${{ tasks.left.output }}', right: '${{ tasks.right.output }}' },
    },
  }),
  'a map over a list that is known at run time': workflowOf({
    list: { run: node('return [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];') },
    square: {
      needs: ['list'],
      each: ['${{ tasks.list.output }}'],
      run: node('return input * input;'),
    },
    sum: {
      needs: ['square'],
      run: node('return input.all.reduce((a, b) => a + b, 0);'),
      with: { all: '${{ tasks.square.output }}' },
    },
  }),
  'failures, and what follows': workflowOf({
    bad: { run: shell('exit 3'), retry },
    late: {
      run: node('if (task.attempt < 2) throw new Error("not yet"); return task.attempt;'),
      retry,
    },
    skipped: { needs: ['bad'], run: shell('true') },
    cleanup: { needs: ['bad', 'late'], rule: 'all-done', run: shell('echo cleaned') },
    meet: { needs: ['cleanup'], run: { kind: 'none' } },
  }),
  'sub-tasks, and a chain': workflowOf({
    parent: {
      run: node(
        'for (const n of [1, 2, 3]) task.spawn({ key: `k${n}`, with: n, run: input.run }); return 0;',
      ),
      with: { run: { kind: 'snippet', language: 'node', code: 'return input;' } },
    },
    ...Object.fromEntries(
      Array.from({ length: 6 }, (_, n): [string, Omit<Task, 'id'>] => [
        `c${n}`,
        { needs: [n === 0 ? 'parent' : `c${n - 1}`], run: node('return 1;') },
      ]),
    ),
  }),
};

type Outcome = Awaited<ReturnType<typeof canonicalRun>> & { readonly id: string };

async function play(engine: Engine, workflow: Workflow): Promise<Outcome> {
  const { run } = await engine.submit({ workflow });
  await engine.end(run.id, 240_000);
  return { id: run.id, ...(await canonicalRun(engine, run.id)) };
}

onEmulator(reason ?? 'the engine on an AWS on this machine', () => {
  let emulator: Emulator;
  let home: AwsHome;
  let aws: AwsEngine;
  let embedded: Embedded;
  const troubles: unknown[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-aws-e2e-'));

  beforeAll(async () => {
    emulator = await startEmulator();
    home = await openAwsHome(emulator.place, (error) => troubles.push(error));
    const ports = home.ports();
    aws = openAwsEngine({ ports, troubles });
    embedded = await startEmbedded({ dataFolder: join(folder, 'data'), port: null, slots: 8 });
  }, INSTALL_MS);
  afterAll(async () => {
    await aws?.close();
    await embedded?.close();
    home?.close();
    await emulator?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(Object.keys(workflows))('%s ends as in one process, event for event', async (name) => {
    const workflow = workflows[name] as Workflow;
    const [there, here] = await Promise.all([
      play(aws.engine, workflow),
      play(embedded.engine, workflow),
    ]);
    expect(troubles).toEqual([]);
    expect({ ...there, id: '' }).toEqual({ ...here, id: '' });
  });

  test('what tasks print can be read', async () => {
    const { id } = await play(aws.engine, workflows['a diamond of programs'] as Workflow);
    await aws.ports.logs.flush();
    const page = await aws.engine.logs({ run: id });
    expect(page.lines.map(({ text }) => text)).toContain('begun');
  });

  test('a run that ended long ago is read from the bucket, when the table has let go of it', async () => {
    const names = Object.keys(workflows).slice(0, 2);
    const runs = await Promise.all(
      names.map((name) => play(aws.engine, workflows[name] as Workflow)),
    );
    const before = await Promise.all(runs.map(({ id }) => aws.engine.run(id)));
    await aws.ports.logs.flush();
    const logs = await aws.engine.logs({ run: runs[0]?.id as string });
    expect(await archiveLater(home)).toBeGreaterThanOrEqual(runs.length);
    const want = before.map((view) => ({ ...view, archived: true }));
    const told = () => Promise.all(runs.map(({ id }) => aws.engine.run(id)));
    expect(await told()).toEqual(want);
    // As time to live does it, days later.
    for (const { id } of runs) await letGo(home, id);
    expect(await told()).toEqual(want);
    for (const { id, ...events } of runs)
      expect(await canonicalRun(aws.engine, id)).toEqual(events);
    expect(await aws.engine.logs({ run: runs[0]?.id as string })).toEqual(logs);
    const { items } = await aws.engine.runs({ workflow: 'test', limit: 1000 });
    expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining(runs.map(({ id }) => id)));
    const rerun = aws.engine.control(runs[0]?.id as string, { action: 'rerun' });
    await expect(rerun).rejects.toMatchObject({ code: 'run-archived' });
  });
});

const day = 86_400_000;

/** Archives all that has ended, as if a week had gone by. Says how many runs that were. */
async function archiveLater(home: AwsHome): Promise<number> {
  const clock = { ...systemClock, now: () => Date.now() + 8 * day };
  const ports = { ...home.ports(), clock, provisioner: openProvisioner };
  const retention = { archiveMs: 7 * day, lingerMs: 0, itemsMs: 15 * day, keepMs: 730 * day };
  const { decider } = createDecider(ports, { ...defaultSettings, shards: 2, retention });
  return (await archiveRuns(decider, createParts(ports.blobs))).runs;
}

const openProvisioner = {
  read: async () => ({ wanted: 0, running: 0 }),
  set: async () => undefined,
};

/** Removes all items of a run that have an expiry; there must be no others. */
async function letGo(home: AwsHome, id: string): Promise<void> {
  const { table } = home.ports();
  const { items } = await table.query({ partition: runPartition('main', id) });
  expect(items.length).toBeGreaterThan(0);
  for (const item of items.filter(({ sort }) => !sort.startsWith('CLAIM#'))) {
    expect(item.expiresAt).toBeGreaterThan(Date.now() + 15 * day);
    await table.remove(item, 'any');
  }
}
