import { expect, test } from '@jest/globals';
import { Client, item, Problem, printYaml, task, workflow } from '../src/index.ts';

test('the public entry writes workflows, names refusals and talks to servers', async () => {
  const written = workflow('entry', {
    tasks: [task('each', { each: [1, 2], with: { n: item }, node: 'return input.n;' })],
  }).toDefinition();
  expect(printYaml(written)).toContain('${{ item }}');
  const client = new Client({ url: 'http://127.0.0.1:1' });
  await expect(client.runs({})).rejects.toBeInstanceOf(Problem);
});
