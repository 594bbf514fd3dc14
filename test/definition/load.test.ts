import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Problem } from '../../src/contract/problem.ts';
import { loadWorkflow } from '../../src/definition/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-load-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const builder = pathToFileURL(join(import.meta.dirname, '../../src/definition/builder.ts')).href;
const want = { name: 'w', tasks: [{ id: 'a', run: { kind: 'shell', line: 'x' } }] };

describe('a workflow is loaded, with its folder', () => {
  test.each([
    ['w.yaml', 'name: w\ntasks: { a: { run: x } }\n'],
    ['w.yml', 'name: w\ntasks: { a: { run: x } }\n'],
    ['W.JSON', '{"name": "w", "tasks": {"a": {"run": "x"}}}'],
    [
      'w.mjs',
      `import { task, workflow } from '${builder}';\nexport default workflow('w', { tasks: [task('a', { run: 'x' })] });\n`,
    ],
    [
      'w.ts',
      `import { workflow, type WorkflowBuilder } from '${builder}';\nconst wf: WorkflowBuilder = workflow('w');\nwf.task('a', { run: 'x' });\nexport default wf;\n`,
    ],
  ])('%s', async (name, text) => {
    expect(await loadWorkflow(file(name, text))).toEqual({ workflow: want, folder });
  });
});

describe('a file that cannot be read says why', () => {
  const refusal = async (path: string): Promise<Problem> => {
    try {
      await loadWorkflow(path);
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
    throw new Error('it was loaded');
  };
  test.each<[string, () => string, RegExp]>([
    ['not there', () => join(folder, 'nope.yaml'), /nope\.yaml: there is no such file/],
    ['below a file', () => join(file('f.yaml', 'x'), 'w.yaml'), /there is no such file/],
    ['of another kind', () => file('w.toml', 'x'), /a workflow is a file that ends in \.yaml/],
    [
      'too large',
      () => file('large.yaml', Buffer.alloc(50 * 1024 * 1024)),
      /large\.yaml: 50 MB are too large/,
    ],
    [
      'not UTF-8',
      () => file('latin.yaml', Buffer.from([0x6e, 0xff, 0xfe])),
      /its text is not UTF-8/,
    ],
    [
      'a module with a mistake',
      () => file('broken.mjs', 'export default {'),
      /it cannot be imported: /,
    ],
    [
      'a module of something else',
      () => file('else.mjs', 'export default 5;'),
      /its default export must be a workflow/,
    ],
    [
      'a module of nothing',
      () => file('nothing.mjs', 'export const a = 5;'),
      /its default export must be a workflow/,
    ],
  ])('%s', async (_what, make, message) => {
    const problem = await refusal(make());
    expect(problem).toMatchObject({
      code: 'file-unreadable',
      message: expect.stringMatching(message),
    });
    expect(problem.details).toHaveLength(1);
  });

  test('a folder', async () => {
    mkdirSync(join(folder, 'folder.yaml'));
    expect((await refusal(join(folder, 'folder.yaml'))).message).toMatch(/is a folder/);
  });

  test('mistakes carry the path as it was given', async () => {
    const path = file('bad.yaml', 'name: w\ntask: {}\n');
    expect((await refusal(path)).message).toContain(`${path}:2:1 unknown key "task"`);
  });

  test('mistakes in a module that is built are its own', async () => {
    const path = file(
      'wrong.mjs',
      `import { task, workflow } from '${builder}';\nexport default workflow('w', { tasks: [task('a', { need: 'b', run: 'x' })] });\n`,
    );
    expect(await refusal(path)).toMatchObject({
      code: 'workflow-invalid',
      message: expect.stringContaining('/tasks/a/need unknown key'),
    });
  });
});
