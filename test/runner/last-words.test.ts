import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { LastWords } from '../../src/runner/last-words.ts';

const hasBash = execFileSync('sh', ['-c', 'command -v bash || true'], { encoding: 'utf8' }) !== '';

(hasBash ? test : test.skip)(
  'what a process leaves in pipes of its own is found when it is gone',
  async () => {
    const line =
      'exec 8<> <(:) 9<> <(:); echo ready; read -r; echo out >&8; printf err >&9; kill -9 $$';
    const child = spawn('bash', ['-c', line], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const words = new LastWords(child.pid ?? 0, [8, 9]);
    child.stdin.write('\n');
    await once(child, 'exit');
    expect(words.take().map(String)).toEqual(['out\n', 'err']);
  },
);

test('of a process that does not let us, nothing is found', () => {
  expect(new LastWords(2 ** 30, [8, 9]).take()).toEqual([undefined, undefined]);
});
