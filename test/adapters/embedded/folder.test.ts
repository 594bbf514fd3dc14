import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { item } from '../../ports/table-kit.ts';
import { processorTime } from '../../support/processor-time.ts';
import { freshFolder, open, problemOf } from './kit.ts';

let folder: ReturnType<typeof freshFolder>;
let file: string;
beforeEach(() => {
  folder = freshFolder();
  file = join(folder.path, 'fanfold.sqlite');
});
afterEach(() => folder.remove());

async function filled(): Promise<void> {
  const store = open(folder.path);
  await store.table.put(item('p', 'a', 1, { text: 'x'.repeat(50_000) }), 'absent');
  await store.close();
}

/** Opens the folder in a process of its own, and resolves when it holds it. */
async function holder() {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'holder.ts'), folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('a folder that is made anew holds nothing, and keeps what is put into it', async () => {
  const nested = join(folder.path, 'a', 'b');
  const store = open(nested);
  expect(await store.table.get({ partition: 'p', sort: 'a' })).toBeUndefined();
  await store.table.put(item('p', 'a'), 'absent');
  await store.close();
  const again = open(nested);
  expect((await again.table.get({ partition: 'p', sort: 'a' }))?.version).toBe(1);
  await again.close();
});

test('a second store on the folder is refused at once, with the number of the process that holds it', async () => {
  const store = open(folder.path);
  const problem = await problemOf(() => open(folder.path));
  expect(problem.code).toBe('data-in-use');
  expect(problem.message).toContain(`process ${process.pid}`);
  expect(await store.table.put(item('p', 'a'), 'absent')).toEqual({ done: true });
  await store.close();
  await open(folder.path).close();
});

test('of two processes the second is refused; a killed holder leaves no lock', async () => {
  const child = await holder();
  const taken = processorTime();
  const problem = await problemOf(() => open(folder.path));
  expect(taken()).toBeLessThan(2000);
  expect(problem.code).toBe('data-in-use');
  expect(problem.message).toContain(`process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const store = open(folder.path);
  expect((await store.table.get({ partition: 'p', sort: 'held' }))?.version).toBe(1);
  await store.close();
});

test('the number of the process is gone with it, and a wrong one harms nothing', async () => {
  await open(folder.path).close();
  expect(existsSync(join(folder.path, 'fanfold.pid'))).toBe(false);
  writeFileSync(join(folder.path, 'fanfold.pid'), '1\n');
  await open(folder.path).close();
});

test.each([
  { what: 'a newer', format: 99, code: 'data-newer' },
  { what: 'an older', format: 1, code: 'data-older' },
])(
  'a folder of $what version is refused, and not a byte of it changes',
  async ({ format, code }) => {
    await filled();
    const bytes = readFileSync(file);
    bytes.writeUInt32BE(format, 60);
    writeFileSync(file, bytes);
    const problem = await problemOf(() => open(folder.path));
    expect(problem.code).toBe(code);
    expect(problem.message).toContain(`format ${format}`);
    expect(problem.message).toContain('install that version');
    expect(readFileSync(file).equals(bytes)).toBe(true);
  },
);

test('a file of another program is refused, and not a byte of it changes', async () => {
  for (const bytes of [Buffer.from('hello'), Buffer.alloc(5000), Buffer.alloc(0)]) {
    writeFileSync(file, bytes);
    const problem = await problemOf(() => open(folder.path));
    expect(problem.code).toBe('data-damaged');
    expect(problem.message).toContain(file);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  }
});

test('a file that was cut, to whatever size, is refused with its sizes', async () => {
  await filled();
  const whole = readFileSync(file);
  for (let size = 0; size < whole.length; size += 997) {
    writeFileSync(file, whole);
    truncateSync(file, size);
    const problem = await problemOf(() => open(folder.path));
    expect([problem.code, problem.message.includes(`cut to ${size}`)]).toEqual([
      'data-damaged',
      true,
    ]);
  }
  writeFileSync(file, whole);
  const store = open(folder.path);
  expect((await store.table.get({ partition: 'p', sort: 'a' }))?.version).toBe(1);
  await store.close();
});

test('a folder where a file lies, or that may not be written, is refused with what to do', async () => {
  const inTheWay = join(folder.path, 'file');
  writeFileSync(inTheWay, '');
  expect((await problemOf(() => open(inTheWay))).code).toBe('file-unreadable');
  mkdirSync(file);
  expect((await problemOf(() => open(folder.path))).message).toContain(file);
  if (process.getuid?.() === 0) return;
  const locked = join(folder.path, 'locked');
  mkdirSync(locked);
  chmodSync(locked, 0o500);
  expect((await problemOf(() => open(locked))).code).toBe('file-unreadable');
});

test('a file that is another user’s is refused for that, and not called damaged', async () => {
  await filled();
  chmodSync(folder.path, 0o755);
  chmodSync(file, 0o444);
  const problem = await asOrdinaryUser(() => problemOf(() => open(folder.path)));
  expect([problem.code, problem.message]).toEqual([
    'file-unreadable',
    expect.stringMatching(/fanfold.sqlite cannot be opened .* Give this user the right to/),
  ]);
});

/** Rights bind no superuser, as tests in containers often are. */
function asOrdinaryUser<T>(act: () => T): T {
  if (process.getuid?.() !== 0) return act();
  process.seteuid?.(65_534);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}

test('a folder that the system cannot make is refused, and not asked for without end', async () => {
  const { code, message } = await problemOf(() => open('/proc/fanfold/data'));
  expect([code, message]).toEqual(['file-unreadable', expect.stringContaining('/proc/fanfold')]);
});

test('a store opens in a moment, also with a log to read again', async () => {
  await filled();
  const taken = processorTime();
  const store = open(folder.path);
  expect(taken()).toBeLessThan(2000);
  await store.close();
  expect(existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0).toBe(false);
});

test('after close, calls are refused, and a second close is no error', async () => {
  const store = open(folder.path);
  const put = store.table.put(item('p', 'a'), 'absent');
  await Promise.all([store.close(), store.close()]);
  expect(await put).toEqual({ done: true });
  await expect(store.table.get({ partition: 'p', sort: 'a' })).rejects.toThrow('closed');
  await expect(store.table.put(item('p', 'b'), 'absent')).rejects.toThrow('closed');
});

test('items that have expired are removed in small steps, with their index entries', async () => {
  const store = open(folder.path);
  const indexes = { recent: { partition: 'i', sort: '1' } };
  for (let n = 0; n < 10; n++)
    await store.table.put(item('p', `${n}`, 1, {}, { expiresAt: 1000 + n, indexes }), 'absent');
  await store.table.put(item('p', 'stays'), 'absent');
  expect(await store.purge(1004, 3)).toBe(3);
  expect(await store.purge(1004, 10)).toBe(2);
  expect(await store.purge(1004, 10)).toBe(0);
  expect((await store.table.query({ partition: 'p' })).items).toHaveLength(6);
  expect((await store.table.index('recent', { partition: 'i' })).items).toHaveLength(5);
  expect(await store.check()).toEqual([]);
  await store.close();
});
