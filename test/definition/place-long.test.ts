import { expect, test } from '@jest/globals';
import type { Task, Workflow } from '../../src/contract/workflow.ts';
import { acceptWorkflow } from '../../src/definition/accept.ts';
import { parseCanonical } from '../../src/definition/parse-canonical.ts';
import { type PoolTimes, placing } from '../../src/definition/place-long.ts';

const minute = 60_000;
const pools: PoolTimes = {
  default: { attemptMsMax: 15 * minute },
  long: {},
  middling: { attemptMsMax: 30 * minute },
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
  const only = { default: { attemptMsMax: 15 * minute } };
  expect(() => place(workflowOf({}, limited(60)), only)).toThrow(
    'task t1: its time limit of 1h is longer than the 15m',
  );
});
