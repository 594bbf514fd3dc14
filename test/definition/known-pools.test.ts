import { expect, test } from '@jest/globals';
import type { Workflow } from '../../src/contract/workflow.ts';
import { acceptWorkflow } from '../../src/definition/accept.ts';
import { acceptForPools } from '../../src/definition/known-pools.ts';

const run = { kind: 'shell', line: 'true' } as const;
const workflow: Workflow = {
  name: 'two',
  tasks: [
    { id: 'a', run },
    { id: 'b', run, pool: 'gpu' },
  ],
};

test('a task of a pool that is not there is refused, with what there is', () => {
  expect(() => acceptForPools(['default', 'big'])(workflow)).toThrow(
    'task b: there is no pool gpu here, only default, big',
  );
});

test('who names no pool means the default one, which must be there too', () => {
  expect(() => acceptForPools(['gpu'])(workflow)).toThrow(
    'task a: there is no pool default here, only gpu',
  );
});

test('what can run is accepted as ever', () => {
  expect(acceptForPools(['default', 'gpu'])(workflow)).toEqual(acceptWorkflow(workflow));
});
