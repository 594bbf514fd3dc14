import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Task } from '../../src/contract/workflow.ts';
import { type Embedded, startEmbedded } from '../../src/embedded/index.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'fanfold-resources-'));
let open: Embedded;
beforeAll(async () => {
  open = await startEmbedded({ dataFolder, slots: 4, port: null, capacity: { cpu: 2, gpu: 0 } });
});
afterAll(async () => {
  await open.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

const workflowOf = (...tasks: Partial<Task>[]) => ({
  name: 'w',
  tasks: tasks.map((task, n) => ({
    id: `t${n}`,
    run: { kind: 'shell' as const, line: 'echo "{\\"cpu\\": \\"$TASK_CPU\\"}"' },
    ...task,
  })),
});
async function ended(request: Parameters<Embedded['engine']['submit']>[0]) {
  const { run } = await open.engine.submit(request);
  await open.engine.end(run.id, 60_000);
  return open.engine.run(run.id);
}

test('a task of any pool runs here, in the one runner that there is', async () => {
  const { outputs } = await ended({ workflow: workflowOf({ pool: 'elsewhere' }) });
  expect(outputs).toEqual({ t0: { cpu: '' } });
});

test('what a submit gives a task comes before what the task asks for, and reaches it', async () => {
  const workflow = workflowOf({ resources: { cpu: 8, memoryMb: 100 } }, { needs: ['t0'] });
  const view = await ended({ workflow, resources: { t0: { cpu: 1.5 } } });
  expect(view.state).toBe('succeeded');
  const task = await open.engine.task(view.id, 't0');
  expect(task).toMatchObject({ resources: { cpu: 1.5, memoryMb: 100 }, output: { cpu: '1.5' } });
});

test('what this machine does not have is refused at submit, and so is a task that is not there', async () => {
  const workflow = workflowOf({ resources: { cpu: 8 } }, { resources: { gpu: 1 } });
  await expect(open.engine.submit({ workflow })).rejects.toThrow(
    /task t0: it asks for 8 cpu, and this machine has 2 cpu\n.*task t1: it asks for 1 gpu/,
  );
  await expect(
    open.engine.submit({ workflow: workflowOf({}), resources: { t1: { cpu: 1 } } }),
  ).rejects.toThrow('there is no task t1 to give resources to, only t0');
});

test('those that do not fit beside each other run one after the other, and others beside them', async () => {
  const line = 'test ! -e "$LOCK" && touch "$LOCK" && sleep 0.3 && rm "$LOCK"';
  const env = { LOCK: join(dataFolder, 'lock') };
  const large = { run: { kind: 'shell' as const, line }, env, resources: { cpu: 1.5 } };
  const { state, failures } = await ended({ workflow: workflowOf(large, large, large, {}) });
  expect(failures).toEqual([]);
  expect(state).toBe('succeeded');
});
