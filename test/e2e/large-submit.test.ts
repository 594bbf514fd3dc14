import { expect, test } from '@jest/globals';
import { Problem } from '../../src/contract/problem.ts';
import { compile } from '../../src/core/dag.ts';
import { acceptWorkflow } from '../../src/definition/accept.ts';
import { createSubmitThread } from '../../src/embedded/submit-thread.ts';

const count = 5_000;

const idOf = (n: number): string => `t${String(n).padStart(5, '0')}`;

/** A workflow of some layers, in no order, whose tasks share two runs. */
const workflow = {
  name: 'large',
  description: 'of many tasks',
  tasks: Array.from({ length: count }, (_, i) => {
    const n = (i * 7) % count;
    return {
      id: idOf(n),
      run: n % 2 ? { kind: 'none' as const } : { kind: 'shell' as const, line: 'true' },
      ...(n >= 100 && { needs: [idOf(n - 100), idOf(n - 99)] }),
      with: { n },
    };
  }),
};

const bytesOf = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body));

test('a submit is read in its thread as it is in the server’s own, which has time for others', async () => {
  const thread = createSubmitThread();
  let turns = 0;
  const turning = setInterval(() => turns++, 1);
  const body = { workflow, input: { day: 'x' }, tags: ['t'] };
  const { workflow: read, ...request } = await thread.read(bytesOf(body));
  clearInterval(turning);
  expect(turns).toBeGreaterThan(1);
  expect(request).toEqual({ input: { day: 'x' }, tags: ['t'] });
  const { text, hash, dag } = thread.canonical(read);
  const accepted = acceptWorkflow(workflow);
  expect(read).toEqual(accepted.workflow);
  expect(new TextDecoder().decode(text as Uint8Array)).toBe(accepted.text);
  expect(hash).toBe(accepted.hash);
  expect({ kind: 'dag', dag }).toEqual(compile(accepted.workflow.tasks));
  expect(new Set(read.tasks.map(({ run }) => run)).size).toBe(2);
});

test('mistakes in a large submit are told as in a small one, and the next is read all the same', async () => {
  const thread = createSubmitThread();
  const [first, ...rest] = workflow.tasks;
  const wrong = { ...workflow, tasks: [{ ...first, needs: ['t99999'] }, ...rest] };
  const refused = thread.read(bytesOf({ workflow: wrong }));
  const fine = thread.read(bytesOf({ workflow }));
  const error = await refused.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Problem);
  expect(error).toMatchObject({
    code: 'workflow-invalid',
    message: expect.stringContaining('t99999'),
    details: [{ pointer: '/tasks/0/needs/0' }],
  });
  await expect(thread.read(bytesOf('no object'))).rejects.toMatchObject({ code: 'body-invalid' });
  expect((await fine).workflow.tasks).toHaveLength(count);
});
