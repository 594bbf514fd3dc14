import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { monotonicFactory } from 'ulid';
import { type EmbeddedLogs, openLogs } from '../../../src/adapters/embedded/logs.ts';
import type { LogLine, LogSearch } from '../../../src/ports/log-sink.ts';

let folder = '';
let logs: EmbeddedLogs;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fanfold-search-'));
  logs = openLogs(folder);
});
afterEach(async () => {
  await logs.close();
  rmSync(folder, { recursive: true, force: true });
});

const newId = monotonicFactory();
const NOW = 1_700_000_000_000;
const line = (run: string, text: string, more: Partial<LogLine> = {}): LogLine => ({
  run,
  task: 'a',
  attempt: 1,
  at: NOW,
  stream: 'stdout',
  text,
  ...more,
});

const search = (text: string, more: Partial<LogSearch> = {}) =>
  logs.search?.({ text, limit: 100, ...more }) ?? Promise.reject(new Error('no search'));

/** All pages, and how many there were. */
async function all(text: string, more: Partial<LogSearch> = {}) {
  const lines: LogLine[] = [];
  let pages = 0;
  for (let after: string | undefined; ; pages++) {
    const page = await search(text, { ...more, ...(after !== undefined && { after }) });
    lines.push(...page.lines);
    if (page.next === undefined) return { lines, pages: pages + 1 };
    after = page.next;
  }
}
const textsOf = ({ lines }: { readonly lines: readonly LogLine[] }) =>
  lines.map(({ text }) => text);

test('a planted line in one of many runs is found, whatever its case', async () => {
  const runs = Array.from({ length: 100 }, () => newId(NOW));
  await logs.append(runs.map((run) => line(run, 'nothing of it')));
  await logs.append([line(runs[37] as string, 'The PLANTED line', { task: 't9' })]);
  const found = await search('planted LINE');
  expect(found).toEqual({
    lines: [line(runs[37] as string, 'The PLANTED line', { task: 't9' })],
    next: undefined,
  });
});

test('newest runs come first, lines of one in their order', async () => {
  const [old, young] = [newId(NOW), newId(NOW + 1)];
  await logs.append([line(old, 'x1'), line(young, 'x2'), line(old, 'x3'), line(young, 'x4')]);
  expect(textsOf(await search('x'))).toEqual(['x2', 'x4', 'x1', 'x3']);
});

test.each([1, 2, 3, 7, 100])('pages of %d together have each line once', async (limit) => {
  const runs = Array.from({ length: 40 }, (_, n) => newId(NOW + n));
  const printed = runs.flatMap((run, n) =>
    Array.from({ length: n % 4 }, (_, k) => line(run, `hit ${n}.${k}`)),
  );
  await logs.append(runs.flatMap((run) => [line(run, 'miss')]).concat(printed));
  const { lines } = await all('hit', { limit });
  expect(textsOf({ lines }).sort()).toEqual(printed.map(({ text }) => text).sort());
});

test.each([
  ['a quote "and" a \\ backslash', 'QUOTE "and" a \\'],
  ['a tab\there', '\tHERE'],
  ['umlaut ÄÖÜ 漢字', 'äöü 漢'],
])('%j is found by %j', async (text, asked) => {
  const run = newId(NOW);
  await logs.append([line(run, 'before'), line(run, text), line(run, 'after')]);
  expect(textsOf(await search(asked))).toEqual([text]);
});

test('what is not in the text of a line is not found by it', async () => {
  const run = newId(NOW);
  await logs.append([line(run, 'plain')]);
  expect(textsOf(await search('stdout'))).toEqual([]);
  expect(textsOf(await search('"text"'))).toEqual([]);
});

test('it is narrowed by run, task, stream and time', async () => {
  const [one, two] = [newId(NOW), newId(NOW)];
  await logs.append([
    line(one, 'it 1'),
    line(one, 'it 2', { task: 'b' }),
    line(one, 'it 3', { stream: 'stderr' }),
    line(two, 'it 4', { at: NOW + 5000 }),
  ]);
  expect(textsOf(await search('it', { run: two }))).toEqual(['it 4']);
  expect(textsOf(await search('it', { task: 'b' }))).toEqual(['it 2']);
  expect(textsOf(await search('it', { stream: 'stderr' }))).toEqual(['it 3']);
  expect(textsOf(await search('it', { from: NOW + 1 }))).toEqual(['it 4']);
  expect(textsOf(await search('it', { to: NOW + 1, run: one }))).toEqual(['it 1', 'it 2', 'it 3']);
  expect(textsOf(await search('it', { to: NOW - 7_200_000 }))).toEqual([]);
  expect(textsOf(await search('it', { run: newId(NOW) }))).toEqual([]);
});

test('a large log is looked at in parts, and lines across them are found', async () => {
  const run = newId(NOW);
  const filler = 'y'.repeat(16_000);
  const many = Array.from({ length: 300 }, (_, n) => line(run, n === 211 ? 'planted' : filler));
  await logs.append(many);
  expect(textsOf(await all('planted'))).toEqual(['planted']);
});

test('a cursor that is none is refused', async () => {
  await expect(search('x', { after: '../../etc' })).rejects.toThrow('not a cursor of this search');
});
