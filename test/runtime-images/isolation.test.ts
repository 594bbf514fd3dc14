import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { imageLanguages } from '../../tools/build-images.ts';
import { hides, runnerUser, unreadableNode } from '../support/unreadable-node.ts';

const run = promisify(execFile);

/** Tells what a child of it can read of it. */
const program = `
const { execFileSync } = require('node:child_process');
const look = (what) => {
  try { return execFileSync('/bin/sh', ['-c', what], { env: {}, encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] }); }
  catch { return ''; }
};
console.log(JSON.stringify({
  environment: look('cat /proc/$PPID/environ').includes('of-the-test'),
  files: look('ls -l /proc/$PPID/fd') !== '',
  memory: look('head -c 1 /proc/$PPID/maps') !== '',
}));`;

(hides ? describe : describe.skip)('what task code can read of a runner', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-isolation-'));
  let readable: string;
  let unreadable: string;
  beforeAll(() => {
    unreadable = unreadableNode(folder);
    readable = join(folder, 'node');
    copyFileSync(process.execPath, readable);
    chmodSync(readable, 0o755);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const seenBy = async (node: string): Promise<unknown> => {
    const env = { CREDENTIALS: 'of-the-test' };
    const { stdout } = await run(node, ['-e', program], { env, cwd: folder, ...runnerUser });
    return JSON.parse(stdout);
  };

  test('is everything, where the program can be read', async () => {
    expect(await seenBy(readable)).toEqual({ environment: true, files: true, memory: true });
  }, 60_000);

  test('is nothing, where it may be run only', async () => {
    expect(await seenBy(unreadable)).toEqual({ environment: false, files: false, memory: false });
  }, 60_000);
});

test.each(imageLanguages)(
  'the image for %s runs as nobody, by programs that may not be read',
  (language) => {
    const file = join(import.meta.dirname, '../../runtime-images', language, 'Dockerfile');
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines.filter((line) => line.startsWith('USER')).at(-1)).toBe('USER 10001:10001');
    expect(lines.join('\n')).toContain('chmod 0111 /opt/fanfold/bin/*');
    const entry = lines.find((line) => line.startsWith('ENTRYPOINT'))?.slice('ENTRYPOINT '.length);
    const [init, , runner, index] = JSON.parse(entry ?? '[]');
    expect([init, runner]).toEqual(['/opt/fanfold/bin/init', '/opt/fanfold/bin/runner']);
    expect(index).toBe('/opt/fanfold/runner/index.mjs');
  },
);
