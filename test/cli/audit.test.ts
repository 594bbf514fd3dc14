import { expect, test } from '@jest/globals';
import { fakeShell } from './fake-shell.ts';

const URL = 'http://127.0.0.1:7999';
const entry = (number: number) => ({
  number,
  lane: '0',
  at: 0,
  kind: 'account',
  caller: 'ada\u001b[2J',
  from: '192.0.2.7',
  operation: 'cancelRun',
  object: '/v1/runs/1/cancel',
  status: 202,
  hash: 'h',
});

test('audit ls shows who did what, without what would move the terminal', async () => {
  const shell = fakeShell({ answer: () => ({ items: [entry(2)], next: null }) });
  expect(await shell.run('audit', 'ls', '--limit', '5', '--url', URL)).toBe(0);
  expect(shell.calls[0]?.path).toBe('/v1/audit?limit=5');
  expect(shell.out()).toContain('1970-01-01T00:00:00.000Z  202  account ada');
  expect(shell.out()).not.toContain('\u001b');
});

test('audit export follows all pages, one line of JSON an entry', async () => {
  const shell = fakeShell({
    answer: ({ path }) =>
      path.includes('after=0.2')
        ? { items: [entry(1)], next: null }
        : { items: [entry(2)], next: '0.2' },
  });
  expect(await shell.run('audit', 'export', '--url', URL)).toBe(0);
  const lines = shell.out().trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).number)).toEqual([2, 1]);
});

test.each([
  [0, [], '3 entries, each as it was written\nlane 0 ends at 3 h\n'],
  [
    1,
    [{ lane: '0', number: 2, reason: 'missing' }],
    'entry 2 of lane 0 is missing\nlane 0 ends at 3 h\n',
  ],
])('audit verify leaves with %d', async (code, wrong, said) => {
  const heads = [{ lane: '0', number: 3, hash: 'h' }];
  const shell = fakeShell({ answer: () => ({ entries: 3, heads, wrong }) });
  expect(await shell.run('audit', 'verify', '--url', URL)).toBe(code);
  expect(shell.out()).toBe(said);
});
