import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { fakeShell } from './fake-shell.ts';

const cwd = mkdtempSync(join(tmpdir(), 'fanfold-import-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const task = (id: string, parents: string[]) => ({ id, name: id, parents, children: [] });
const recorded = {
  name: 'diamond',
  schemaVersion: '1.5',
  workflow: {
    specification: {
      tasks: [task('d', ['b', 'c']), task('a', []), task('b', ['a']), task('c', ['a'])],
    },
    execution: { tasks: [...'abcd'].map((id, n) => ({ id, runtimeInSeconds: n + 1 })) },
  },
};
writeFileSync(join(cwd, 'd.json'), JSON.stringify(recorded));
writeFileSync(join(cwd, 'd.json.gz'), gzipSync(JSON.stringify(recorded)));

describe('import wfcommons', () => {
  test.each(['d.json', 'd.json.gz'])('%s becomes a workflow that has no mistakes', async (file) => {
    for (const out of ['out.yaml', 'out.json']) {
      const { run, err } = fakeShell({ cwd });
      expect(await run('import', 'wfcommons', file, '--out', out, '--scale', '0.5')).toBe(0);
      expect(err()).toContain('4 tasks, 4 edges, 3 levels, the widest of 2');
      expect(err()).toContain('the longer of 4 s and 5 s / N');
      expect(await fakeShell({ cwd }).run('lint', out)).toBe(0);
    }
  });

  test('without --out it is printed, as YAML or, with --json, beside what it is held against', async () => {
    const yaml = fakeShell({ cwd });
    expect(await yaml.run('import', 'wfcommons', 'd.json')).toBe(0);
    writeFileSync(join(cwd, 'printed.yaml'), yaml.out());
    expect(await fakeShell({ cwd }).run('lint', 'printed.yaml')).toBe(0);
    const json = fakeShell({ cwd });
    await json.run('import', 'wfcommons', 'd.json', '--json');
    expect(JSON.parse(json.out())).toMatchObject({
      tasks: 4,
      edges: 4,
      criticalPathSeconds: 8,
      totalSeconds: 10,
      workflow: { name: 'diamond' },
    });
  });

  test.each([
    [['wfcommons', 'none.json'], 'none.json: there is no such file'],
    [['airflow', 'd.json'], 'expected wfcommons'],
    [['wfcommons', 'd.json', '--out', 'no/such/x.yaml'], 'cannot write'],
    [['wfcommons', 'broken.json'], 'broken.json: Expected'],
    [['wfcommons', 'other.json'], 'no WfFormat'],
  ])('%j is refused with exit code 2', async (argv, message) => {
    writeFileSync(join(cwd, 'broken.json'), '{"x"');
    writeFileSync(join(cwd, 'other.json'), '{"x": 1}');
    const { run, err } = fakeShell({ cwd });
    expect(await run('import', ...argv)).toBe(2);
    expect(err()).toContain(message);
  });

  test('a byte order mark before the JSON is passed over', async () => {
    writeFileSync(join(cwd, 'marked.json'), `\ufeff${readFileSync(join(cwd, 'd.json'), 'utf8')}`);
    expect(await fakeShell({ cwd }).run('import', 'wfcommons', 'marked.json')).toBe(0);
  });

  test('what was written last is what is there', async () => {
    await fakeShell({ cwd }).run('import', 'wfcommons', 'd.json', '--out', 'w.yaml', '--quiet');
    expect(readFileSync(join(cwd, 'w.yaml'), 'utf8')).toContain('name: diamond');
  });
});
