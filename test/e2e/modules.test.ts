/** Workflows that are TypeScript, wherever they lie, by the command line as it is started by users. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { RunView } from '../../src/contract/api.ts';
import { fanfold } from '../examples/cli.ts';

const cwd = mkdtempSync(join(tmpdir(), 'fanfold-modules-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true, maxRetries: 3 }));

function write(file: string, lines: readonly string[]): void {
  writeFileSync(join(cwd, file), lines.join('\n'));
}

test('where no package is installed, `fanfold` is the one that runs the module; one hash for all forms', async () => {
  write('made.ts', [
    "import { item, workflow } from 'fanfold';",
    "const made = workflow('made');",
    "const list = made.task('list', { node: 'return [1, 2]' });",
    "made.task('twice', { each: list.output, with: { n: item }, node: 'return input.n * 2' });",
    'export default made;',
  ]);
  write('made.yaml', [
    'name: made',
    'tasks:',
    '  twice:',
    '    each: "${{ tasks.list.output }}"',
    '    needs: list',
    '    with: { n: "${{ item }}" }',
    '    node: return input.n * 2',
    '  list: { node: "return [1, 2]" }',
  ]);
  const views: RunView[] = [];
  for (const file of ['made.ts', 'made.yaml']) {
    const ended = await fanfold(['run', file, '--json'], { cwd });
    views.push(JSON.parse(ended.stdout) as RunView);
  }
  expect(views.map(({ outputs }) => outputs)).toEqual([{ twice: [2, 4] }, { twice: [2, 4] }]);
  expect(views[0]?.hash).toBe(views[1]?.hash);
});

test('mistakes are told with their places, also when the module has a copy of the package of its own', async () => {
  const source = join(import.meta.dirname, '../../src/index.ts');
  for (const [file, from] of [
    ['ours.ts', 'fanfold'],
    ['own.ts', source],
  ] as const) {
    write(file, [
      `import { workflow } from '${from}';`,
      "const made = workflow('made');",
      "made.task('a', { node: 'return 1', needs: ['b'], retrys: 3 } as object);",
      'export default made;',
    ]);
    const ended = await fanfold(['lint', file], { cwd });
    expect(ended.code).toBe(2);
    expect(ended.stdout).toBe(
      `${file} /tasks/a/retrys: unknown key "retrys" (did you mean "retry"?)\n` +
        `${file} /tasks/a/needs/0: unknown need "b": there is no such task\n`,
    );
  }
});
