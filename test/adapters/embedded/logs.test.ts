import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  cleanText,
  decodeLine,
  encodeLine,
  lineBytesMax,
} from '../../../src/adapters/embedded/log-line.ts';
import { type EmbeddedLogs, openLogs } from '../../../src/adapters/embedded/logs.ts';
import type { LogLine } from '../../../src/ports/log-sink.ts';
import { freshFolder } from './kit.ts';

const run = '01JABCDEFGHJKMNPQRSTVWXYZ0';
let folder: ReturnType<typeof freshFolder>;
let logs: EmbeddedLogs;
beforeEach(() => {
  folder = freshFolder();
  logs = openLogs(folder.path);
});
afterEach(async () => {
  await logs.close();
  folder.remove();
});

const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({
  run,
  task: 'a',
  attempt: 1,
  at: 1,
  stream: 'stdout',
  text,
  ...more,
});
const fileOf = (name = run) => join(folder.path, name.slice(0, 5), `${name}.jsonl`);
const texts = async (sink = logs) => (await sink.read({ run })).lines.map(({ text }) => text);

test('control characters become pictures of themselves, but tab stays', async () => {
  await logs.append([line('a\tb\u0000c\u001b[31mred\u007f\u0085\r\n')]);
  expect(await texts()).toEqual(['a\tb\u2400c\u241b[31mred\u2421\ufffd\u240d\u240a']);
});

test('a line of more than 16 KB is cut between two characters, and says how long it was', async () => {
  for (const letter of ['x', 'ü', '€', '\u{1F600}', '\u0000', '\ud800']) {
    const text = cleanText(letter.repeat(20_000));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(lineBytesMax);
    expect(Buffer.byteLength(text)).toBeGreaterThan(lineBytesMax - 4);
    expect(text).toMatch(/… cut, \d+ bytes$/);
  }
  expect(cleanText('x'.repeat(lineBytesMax))).toBe('x'.repeat(lineBytesMax));
});

test('any text comes back clean, and any clean text as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string(), (text, task) => {
      const written = encodeLine(line(text, { task }));
      expect(written.indexOf('\n')).toBe(written.length - 1);
      const clean = cleanText(text);
      expect(decodeLine(run, written.slice(0, -1))).toEqual(line(clean, { task }));
      expect(cleanText(clean)).toBe(clean);
    }),
  );
});

test('a run of many tasks is one file, and many runs need few open ones', async () => {
  await logs.append(Array.from({ length: 5000 }, (_, n) => line('x', { task: `t${n}` })));
  expect(readdirSync(join(folder.path, '01JAB'))).toEqual([`${run}.jsonl`]);
  const names = Array.from(
    { length: 300 },
    (_, n) => `01JABCDEFGHJKMNPQRSTVW${String(n).padStart(4, '0')}`,
  );
  for (let round = 0; round < 2; round++)
    await Promise.all(names.map((name) => logs.append([line(`${round}`, { run: name })])));
  for (const name of names)
    expect((await logs.read({ run: name })).lines.map(({ text }) => text)).toEqual(['0', '1']);
  const open = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0;
  expect(open).toBeLessThan(200);
});

test('a run may have any name', async () => {
  const names = ['../../up', '', 'a/b', 'A', 'a', '\0', 'x'.repeat(500), '..'];
  for (const name of names) await logs.append([line(name, { run: name })]);
  for (const name of names) expect((await logs.read({ run: name })).lines).toHaveLength(1);
  expect(readdirSync(folder.path)).toEqual(['other']);
});

test('a line that a crash cut off is dropped, and what comes later is whole', async () => {
  await logs.append([line('1'), line('2')]);
  await logs.close();
  appendFileSync(fileOf(), '{"task":"a","attempt":1,"at":1,"stre');
  logs = openLogs(folder.path);
  expect(await texts()).toEqual(['1', '2']);
  const { next } = await logs.read({ run });
  await logs.append([line('3')]);
  expect((await logs.read({ run, after: next })).lines.map(({ text }) => text)).toEqual(['3']);
  expect(logs.damaged()).toEqual([]);
});

test('damaged lines are left out and told, with their file and place', async () => {
  await logs.append(Array.from({ length: 50 }, (_, n) => line(`text ${n}`)));
  const whole = readFileSync(fileOf());
  for (let at = 0; at < whole.length; at += 13) {
    const bytes = Buffer.from(whole);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at & 7)), at);
    writeFileSync(fileOf(), bytes);
    const told: unknown[] = [];
    const sink = openLogs(folder.path, { onDamage: (damage) => told.push(damage) });
    const found = await texts(sink);
    const expected = Array.from({ length: 50 }, (_, n) => `text ${n}`);
    expect(found.filter((text) => !expected.includes(text))).toEqual([]);
    expect(found.length).toBeGreaterThanOrEqual(48);
    expect(told).toEqual([expect.objectContaining({ file: fileOf() })]);
    await sink.close();
  }
});

test('of an attempt that prints without end, so much is kept as is allowed, and one line says so', async () => {
  await logs.close();
  logs = openLogs(folder.path, { attemptBytesMax: 100_000 });
  for (let n = 0; n < 300; n++)
    await logs.append([line('x'.repeat(1000)), line('y', { attempt: 2 })]);
  await logs.append([line('the end', { stream: 'system' })]);
  const { lines } = await logs.read({ run, attempt: 1 });
  const kept = lines.filter(({ stream }) => stream === 'stdout');
  expect(kept.length).toBeGreaterThan(80);
  expect(kept.length).toBeLessThan(100);
  expect(lines.filter(({ stream }) => stream === 'system').map(({ text }) => text)).toEqual([
    '97 KB of output were kept, what follows is not',
    'the end',
  ]);
  expect((await logs.read({ run, attempt: 2 })).lines).toHaveLength(300);
});

test('logs of runs that printed nothing for long are removed, the others stay', async () => {
  const old = '01AAAAAAAAAAAAAAAAAAAAAAAA';
  await logs.append([line('new'), line('old', { run: old })]);
  utimesSync(fileOf(old), 1000, 1000);
  expect(await logs.removeBefore(2_000_000)).toBe(1);
  expect(existsSync(fileOf(old))).toBe(false);
  expect(await texts()).toEqual(['new']);
  await logs.append([line('again', { run: old })]);
  expect((await logs.read({ run: old })).lines.map(({ text }) => text)).toEqual(['again']);
});

test('a cursor that is none is refused, and one into a line begins after it', async () => {
  await logs.append([line('1'), line('2')]);
  for (const after of ['x', '-1', '1.5', '1e99'])
    await expect(logs.read({ run, after })).rejects.toMatchObject({ code: 'input-invalid' });
  expect((await logs.read({ run, after: '5' })).lines.map(({ text }) => text)).toEqual(['2']);
  expect(await logs.read({ run, after: '999999' })).toEqual({ lines: [], next: '999999' });
});
