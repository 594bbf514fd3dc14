import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';

const root = mkdtempSync(join(tmpdir(), 'fanfold-installations-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

function start(folder: string, how: 'quick' | 'fails' | 'hangs') {
  const file = join(import.meta.dirname, 'installer.ts');
  const argv = [file, join(root, folder), 'key', join(root, `${folder}.count`), how];
  const child = spawn(process.execPath, argv, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  });
  children.push(child);
  let said = '';
  const waiting: (() => void)[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    for (const look of waiting) look();
  });
  return {
    child,
    says: (word: string) =>
      new Promise<void>((resolve) => {
        const look = () => said.includes(word) && resolve();
        waiting.push(look);
        look();
      }),
    end: new Promise<string>((resolve) => {
      child.once('close', () => resolve(said.trim().split('\n').at(-1) ?? ''));
    }),
  };
}
const made = (folder: string) => readFileSync(join(root, `${folder}.count`), 'utf8').length;
const unfinished = (folder: string) => readdirSync(join(root, folder, 'unfinished'));

test('several processes that want the same make it once', async () => {
  const all = ['quick', 'quick', 'quick'] as const;
  const ends = await Promise.all(all.map((how) => start('several', how).end));
  expect([ends, made('several')]).toEqual([['whole', 'whole', 'whole'], 1]);
});

test('who is killed on the way keeps nobody waiting, and leaves nothing that is used', async () => {
  const first = start('killed', 'hangs');
  await first.says('makes');
  const second = start('killed', 'quick');
  await second.says('begins');
  first.child.kill('SIGKILL');
  expect([await second.end, made('killed')]).toEqual(['whole', 2]);
  expect(unfinished('killed')).toEqual([]);
});

test('a failure is told to those who waited for it, and tried anew by who comes later', async () => {
  const first = start('failed', 'fails');
  await first.says('makes');
  const second = start('failed', 'fails');
  expect(await first.end).toBe('InstallFailure: the tool says no');
  expect(await second.end).toBe('InstallFailure: the tool says no');
  expect([await start('failed', 'quick').end, unfinished('failed')]).toEqual(['whole', []]);
});
