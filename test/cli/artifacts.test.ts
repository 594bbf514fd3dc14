import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { fakeShell, RUN } from './fake-shell.ts';

const root = mkdtempSync(join(tmpdir(), 'fanfold-cli-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const contents: Readonly<Record<string, string>> = { 'bin/tool': 'one', 'data.txt': 'two' };
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

function shellWith(task: string, given = contents) {
  const items = Object.entries(contents).map(([path, text]) => ({
    task,
    path,
    blob: hashOf(text),
    size: text.length,
    ...(path.startsWith('bin/') && { executable: true as const }),
  }));
  const fanfold = {
    artifacts: async () => ({ items, next: null }),
    artifact: async (_run: string, _task: string, path: string) => ({
      parts: new Blob([given[path] as string]).stream() as AsyncIterable<Uint8Array>,
    }),
  };
  const url = 'http://127.0.0.1:7999';
  return fakeShell({ fanfold, alive: [url], env: { FANFOLD_URL: url } });
}

test('what tasks have left is listed', async () => {
  const { run, out } = shellWith('build');
  expect(await run('artifacts', RUN)).toBe(0);
  expect(out()).toMatch(/build +bin\/tool +3/);
});

test('and fetched, each into the folder of its task, with its right to be executed', async () => {
  const { run } = shellWith('build[0]');
  const folder = join(root, 'whole');
  expect(await run('artifacts', RUN, '--out', folder)).toBe(0);
  expect(readFileSync(join(folder, 'build[0]', 'data.txt'), 'utf8')).toBe('two');
  expect(statSync(join(folder, 'build[0]', 'bin', 'tool')).mode & 0o111).not.toBe(0);
});

test('what came damaged is refused by name, and leaves no file', async () => {
  const { run, err } = shellWith('build', { ...contents, 'bin/tool': 'other' });
  const folder = join(root, 'damaged');
  expect(await run('artifacts', RUN, '--out', folder)).not.toBe(0);
  expect(err()).toContain('artifact bin/tool of build came damaged');
  expect(readdirSync(join(folder, 'build', 'bin'))).toEqual([]);
});

test('nothing is written outside the folder', async () => {
  const { run, err } = shellWith('../../x');
  expect(await run('artifacts', RUN, '--out', join(root, 'in'))).not.toBe(0);
  expect(err()).toContain('would lie outside');
});
