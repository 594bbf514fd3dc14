import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { version } from '../../cli/version.ts';
import { Problem } from '../../src/contract/problem.ts';
import { fakeShell, NOW, serverView, summary } from './fake-shell.ts';

const root = mkdtempSync(join(tmpdir(), 'fanfold-doctor-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const URL = 'http://127.0.0.1:7999';
const found = (out: string): { check: string; state: string; message: string }[] =>
  JSON.parse(out).findings;
const states = (out: string, state: string): string[] =>
  found(out).flatMap((one) => (one.state === state ? [one.check] : []));

function withData(served = false): string {
  const cwd = mkdtempSync(join(root, 'case-'));
  mkdirSync(join(cwd, '.fanfold'));
  if (served)
    writeFileSync(join(cwd, '.fanfold', 'server.json'), JSON.stringify({ url: URL, pid: 17 }));
  return cwd;
}

const served = (options: Parameters<typeof fakeShell>[0]) =>
  fakeShell({ cwd: withData(true), alive: [URL], processes: [17], ...options });

test('where nothing is yet, nothing is wrong', async () => {
  const { run, out, started } = fakeShell({ cwd: mkdtempSync(join(root, 'empty-')) });
  expect(await run('doctor')).toBe(0);
  expect(out()).toContain(`Fanfold ${version()}, Node ${process.versions.node}`);
  expect(out()).toContain('is not there yet; the first run makes it');
  expect(out()).toContain('nothing is wrong');
  expect(started).toEqual([]);
});

test('a tool that is missing is a note, and says what cannot be had', async () => {
  const { run, out } = fakeShell({ cwd: withData(), tools: { python3: 'Python 3.13.1' } });
  expect(await run('doctor')).toBe(0);
  expect(out()).toContain('ok    python: Python 3.13.1');
  expect(out()).toMatch(/note {2}php: not found, so tasks in php cannot be had on this machine/);
});

test('without a server the data folder is read by this process, which runs nothing', async () => {
  const { run, out, started, notes } = fakeShell({
    cwd: withData(),
    view: serverView({
      stuck: [{ run: 'R1', reason: 'its blob is damaged' }],
      damaged: [{ file: 'blobs/ab/cd/abcd', place: '', reason: 'does not fit' }],
    }),
  });
  expect(await run('doctor', '--json')).toBe(1);
  expect(started).toMatchObject([{ slots: 0, port: null }]);
  expect(notes.at(-1)).toBe('close');
  expect(states(out(), 'wrong')).toEqual(['run R1', 'blobs/ab/cd/abcd']);
  expect(JSON.parse(out()).wrong).toBe(2);
});

test('a folder that cannot be opened is told as the refusal says it', async () => {
  const { shell, run, out } = fakeShell({ cwd: withData() });
  Object.assign(shell, {
    startEmbedded: async () => {
      throw new Problem('data-in-use', 'in use by process 7');
    },
  });
  expect(await run('doctor')).toBe(1);
  expect(out()).toContain('WRONG stored: in use by process 7');
});

test('a server of the same version whose clock agrees is fine', async () => {
  const { run, out } = served({ answer: () => serverView({ version: version() }) });
  expect(await run('doctor', '--json')).toBe(0);
  expect(states(out(), 'wrong')).toEqual([]);
  expect(states(out(), 'ok')).toEqual(
    expect.arrayContaining(['server', 'version of the server', 'clock', 'disk of the server']),
  );
});

test.each([
  ['another version', serverView({ version: '9.9.9' }), 'note', 'version of the server', 0],
  ['a clock ahead', serverView({ at: NOW + 60_000 }), 'wrong', 'clock', 1],
  ['a clock behind', serverView({ at: NOW - 60_000 }), 'wrong', 'clock', 1],
  [
    'a full disk',
    serverView({ disk: { freeBytes: 1000, totalBytes: 1e9 } }),
    'wrong',
    'disk of the server',
    1,
  ],
] as const)('%s is told', async (_, view, state, check, code) => {
  const { run, out } = served({ answer: () => view });
  expect(await run('doctor', '--json')).toBe(code);
  expect(states(out(), state)).toContain(check);
});

test('a server that was named and does not answer is wrong', async () => {
  const { run, out } = fakeShell({ cwd: withData() });
  expect(await run('doctor', '--url', URL)).toBe(1);
  expect(out()).toContain(`WRONG server: none answers at ${URL}`);
});

test('a server that lets nobody in is told with what to do', async () => {
  const answer = () => {
    throw new Problem('not-signed-in', 'sign in first');
  };
  const { run, out } = served({ answer });
  expect(await run('doctor')).toBe(1);
  expect(out()).toContain('WRONG server: sign in first');
});

test('a clock behind the newest run was set back', async () => {
  const runs = async () => ({ items: [summary({ createdAt: NOW + 3_600_000 })], next: null });
  const { run, out } = fakeShell({ cwd: withData(), fanfold: { runs } });
  expect(await run('doctor')).toBe(1);
  expect(out()).toContain('WRONG clock: it is 1 h 0 min behind the newest run');
});

test('little room on the disk is a note, none is wrong', async () => {
  const few = fakeShell({ cwd: withData(), freeBytes: 1e9 });
  expect(await few.run('doctor', '--json')).toBe(0);
  expect(states(few.out(), 'note')).toContain('disk');
  const none = fakeShell({ cwd: withData(), freeBytes: 1e6 });
  expect(await none.run('doctor', '--json')).toBe(1);
  expect(states(none.out(), 'wrong')).toContain('disk');
});
