import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { fakeShell } from './fake-shell.ts';

test('what init writes has no mistakes', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'fanfold-init-'));
  try {
    expect(await fakeShell({ cwd }).run('init')).toBe(0);
    const { run, out, err } = fakeShell({ cwd });
    expect([await run('lint', 'workflow.yaml'), out(), err()]).toEqual([
      0,
      '',
      'workflow.yaml: fine, 3 tasks\n',
    ]);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
});
