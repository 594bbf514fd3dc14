import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { isOwnMachine } from '../../src/client/own-machine.ts';
import type { SubmitRequest } from '../../src/contract/api.ts';
import { ended, fakeShell, summary } from './fake-shell.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-ship-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'w.yaml'), 'name: w\ntasks:\n  a: { run: echo hi }\n');

writeFileSync(
  join(folder, 'codes.yaml'),
  `name: c
tasks:
  a: { run: x, code: ./w.yaml }
  b: { run: x, code: ./w.yaml, dependencies: off }
  c: { run: x, code: tool }
  d: { run: x, code: ., dependencies: off }
  e: { run: x }
`,
);

function shellIn() {
  const submitted: SubmitRequest[] = [];
  const fake = fakeShell({
    cwd: folder,
    fanfold: {
      submit: async (request) => {
        submitted.push(request);
        return { run: summary(), created: true };
      },
      run: async () => ended(),
    },
  });
  return { ...fake, submitted };
}

const there = 'https://abc.execute-api.eu-central-1.amazonaws.com';
const shipped = { blob: 'f'.repeat(64), size: expect.any(Number) };

describe('code goes', () => {
  test.each([[['submit', 'w.yaml']], [['run', 'w.yaml']], [['run', 'w.yaml', '--detach']]])(
    'as an archive to a server elsewhere: %j',
    async (command) => {
      const { run, sent, submitted, err } = shellIn();
      expect([await run(...command, '--url', there), err()]).toEqual([0, expect.any(String)]);
      expect(sent).toHaveLength(1);
      expect(submitted).toMatchObject([{ code: shipped }]);
    },
  );

  test('as a folder to a server of this machine', async () => {
    const { run, sent, submitted } = shellIn();
    expect(await run('submit', 'w.yaml', '--url', 'http://127.0.0.1:7999')).toBe(0);
    expect([sent, submitted]).toMatchObject([[], [{ code: { folder } }]]);
  });

  test('of single tasks too: as an archive where something is to be installed', async () => {
    const { run, sent, submitted } = shellIn();
    expect(await run('submit', 'codes.yaml', '--url', 'http://127.0.0.1:7999')).toBe(0);
    expect(sent).toHaveLength(1);
    expect(submitted).toEqual([
      expect.objectContaining({
        code: { folder },
        codes: { './w.yaml': shipped, '.': { folder } },
      }),
    ]);
  });

  test('as a package: what it is called can be named, and is that of its path', async () => {
    const { run, sent, out } = shellIn();
    expect(await run('push', 'w.yaml', '--url', there)).toBe(0);
    expect(await run('push', '.', '--name', 'all', '--url', there)).toBe(0);
    expect([sent.length, out()]).toEqual([2, `w@${'f'.repeat(64)}\nall@${'f'.repeat(64)}\n`]);
    expect(await run('push', 'none', '--url', there)).toBe(2);
  });

  test('nowhere when the tasks need none', async () => {
    const { run, sent, submitted } = shellIn();
    expect(await run('submit', 'w.yaml', '--no-code', '--url', there)).toBe(0);
    expect([sent, submitted[0]?.code]).toEqual([[], undefined]);
  });
});

test('which addresses are of this machine', () => {
  const own = ['http://localhost:7420', 'http://127.0.0.1:1', 'http://127.1.2.3', 'http://[::1]:9'];
  const others = [there, 'http://localhost.example.com', 'http://x.execute-api.localhost:4566'];
  expect(own.map(isOwnMachine)).toEqual(own.map(() => true));
  expect(others.map(isOwnMachine)).toEqual(others.map(() => false));
});
