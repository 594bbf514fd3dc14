import { expect, test } from '@jest/globals';
import type { Task, Workflow } from '../../src/contract/workflow.ts';
import { acceptWorkflow } from '../../src/definition/accept.ts';
import { parseCanonical } from '../../src/definition/parse-canonical.ts';
import { fittingOne, type PoolFacts, placing } from '../../src/definition/placing.ts';

const minute = 60_000;
const capacity = { cpu: 1, memoryMb: 1600, diskMb: 256, gpu: 0 };
const pools: Record<string, PoolFacts> = {
  default: { attemptMsMax: 15 * minute, capacity },
  huge: { capacity: { cpu: 16, memoryMb: 64 * 1024, diskMb: 100 * 1024, gpu: 0 } },
  long: { capacity: { ...capacity, cpu: 2 } },
  middling: { attemptMsMax: 30 * minute, capacity },
};
const workflowOf = (...tasks: Partial<Task>[]): Workflow => ({
  name: 'w',
  tasks: tasks.map((task, n) => ({ id: `t${n}`, run: { kind: 'shell', line: 'true' }, ...task })),
});
const limited = (minutes: number, pool?: string): Partial<Task> => ({
  limits: { runMs: minutes * minute },
  ...(pool !== undefined && { pool }),
});
const place = (workflow: Workflow, own = pools) => placing(own, acceptWorkflow)(workflow);

test('a task that may take longer than its pool lets it goes to one that does, and says why', () => {
  const { workflow } = place(workflowOf(limited(60)));
  expect(workflow.tasks[0]).toMatchObject({
    pool: 'long',
    placed:
      'in pool long: its time limit of 1h is longer than the 15m that pool default lets an attempt take',
  });
});

test('what fits stays where it is, and the workflow what it was', () => {
  const fitting = workflowOf({}, limited(15), limited(20, 'middling'), limited(600, 'long'));
  expect(place(fitting)).toEqual(acceptWorkflow(fitting));
});

test('what was placed has a text and hash of its own, and is read again as it is', () => {
  const given = workflowOf(limited(60));
  const accepted = place(given);
  expect(accepted.hash).not.toBe(acceptWorkflow(given).hash);
  expect(parseCanonical(JSON.parse(accepted.text))).toEqual(accepted.workflow);
  expect(place(given)).toEqual(accepted);
});

test('where no pool lets it take so long it is refused, by name', () => {
  const only = { default: { attemptMsMax: 15 * minute, capacity } };
  expect(() => place(workflowOf({}, limited(60)), only)).toThrow(
    'task t1: its time limit of 1h is longer than the 15m',
  );
});

const asking = (resources: Task['resources'], pool?: string): Partial<Task> => ({
  resources,
  ...(pool !== undefined && { pool }),
});

test('a task that asks for more than a runner of its pool has goes to the smallest that has it', () => {
  const { workflow } = place(
    workflowOf(asking({ cpu: 2 }), asking({ memoryMb: 4096, diskMb: 300 })),
  );
  expect(workflow.tasks.map(({ pool, placed }) => [pool, placed])).toEqual([
    ['long', 'in pool long: it asks for 2 cpu, and a runner of pool default has 1 cpu'],
    [
      'huge',
      'in pool huge: it asks for 4GB of memory, and a runner of pool default has 1600MB of memory; it asks for 300MB of disk, and a runner of pool default has 256MB of disk',
    ],
  ]);
});

test('what fits its pool, or a larger one that it names, stays', () => {
  const fitting = workflowOf(asking({ cpu: 1, memoryMb: 1600 }), asking({ cpu: 1 }, 'huge'));
  expect(place(fitting)).toEqual(acceptWorkflow(fitting));
});

test('what fits nowhere is refused, all such tasks at once', () => {
  const given = workflowOf(asking({ gpu: 1 }), {}, asking({ cpu: 64 }, 'huge'));
  expect(() => place(given)).toThrow(
    /task t0: it asks for 1 gpu, and a runner of pool default has 0 gpu, and no other pool has room.*\n.*task t2: it asks for 64 cpu, and a runner of pool huge has 16 cpu/,
  );
});

test('where there is one runner for all pools, what it has not is refused', () => {
  const accept = fittingOne(capacity, acceptWorkflow);
  const fits = workflowOf(asking({ cpu: 1 }, 'huge'), limited(1000));
  expect(accept(fits)).toEqual(acceptWorkflow(fits));
  expect(() => accept(workflowOf({}, asking({ cpu: 8, gpu: 1 })))).toThrow(
    '/tasks/1/resources task t1: it asks for 8 cpu, and this machine has 1 cpu; it asks for 1 gpu, and this machine has 0 gpu',
  );
});
