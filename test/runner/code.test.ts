import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { Executor, ExecutorEvents } from '../../src/contract/execution.ts';
import { Problem } from '../../src/contract/problem.ts';
import type { Run } from '../../src/contract/workflow.ts';
import { Unavailable } from '../../src/ports/table.ts';
import { CodeCache } from '../../src/runner/code-cache.ts';
import type { Dependencies } from '../../src/runner/dependencies/dependencies.ts';
import { withCode } from '../../src/runner/with-code.ts';
import { pack, shelf } from './packed.ts';
import { openRig, type Rig, shell } from './rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-code-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const three = {
  'tasks/hi.sh': 'echo "{\\"said\\": \\"$(cat data/word.txt)\\"}"',
  'tasks/hi.mjs':
    "import { readFile } from 'node:fs/promises';\nimport { twice } from './twice.mjs';\nexport const hi = async () => twice(await readFile('data/word.txt', 'utf8'));",
  'tasks/twice.mjs': 'export const twice = (text) => text + text;',
  'tasks/hi.py': 'def hi(input, task):\n    return open("data/word.txt").read() + "!"',
  'data/word.txt': 'hi',
};
const runs: Readonly<Record<string, Run>> = {
  'a script': { kind: 'script', language: 'shell', path: 'tasks/hi.sh' },
  'a program': { kind: 'command', argv: ['tasks/hi.sh'] },
  'a function in Node': { kind: 'function', language: 'node', path: 'tasks/hi.mjs', name: 'hi' },
  'a function in Python': { kind: 'function', language: 'python', path: 'tasks/hi.py', name: 'hi' },
  'a sequence': {
    kind: 'sequence',
    steps: [{ run: shell('cat data/word.txt') }, { run: shell('echo \'"end"\'') }],
  } as Run,
};
const outputs: Readonly<Record<string, unknown>> = {
  'a script': { said: 'hi' },
  'a program': { said: 'hi' },
  'a function in Node': 'hihi',
  'a function in Python': 'hi!',
  'a sequence': 'end',
};

describe('code in an archive', () => {
  const blobs = shelf();
  let rig: Rig;
  afterEach(() => rig.close());
  const open = (get: typeof blobs.get = blobs.get): Rig => {
    rig = openRig({ blobs: { get } });
    return rig;
  };

  test.each(Object.keys(runs))('%s runs in it', async (name) => {
    const code = blobs.put(pack(three));
    const result = await open().run(runs[name] as Run, { code });
    expect(result).toMatchObject({ outcome: 'succeeded', output: outputs[name] });
  });

  test('is fetched once for many attempts, and cannot be changed by them', async () => {
    open();
    const code = blobs.put(pack(three));
    const before = blobs.reads();
    const spec = { run: shell('stat -c %a . tasks tasks/hi.sh data/word.txt; pwd'), code };
    const keys = [...rig.startAll(spec, [1, 2, 3]), ...rig.startAll(spec, [4])];
    for (const key of keys) expect(await rig.ended(key)).toMatchObject({ outcome: 'succeeded' });
    expect(await rig.run(spec.run, { code })).toMatchObject({ outcome: 'succeeded' });
    expect(blobs.reads() - before).toBe(1);
    const printed = rig.printed(keys[0] as number);
    expect(printed.slice(0, 4)).toEqual(['555', '555', '555', '444']);
    expect(new Set(keys.map((key) => rig.printed(key)[4])).size).toBe(1);
  });

  test('leaves nothing behind', async () => {
    open();
    await rig.run(shell('true'), { code: blobs.put(pack(three)) });
    expect(readdirSync(rig.workFolder, { recursive: true })).not.toEqual([]);
    await rig.executor.close();
    expect(readdirSync(rig.workFolder)).toEqual([]);
  });

  test.each<[string, () => { blob: string; size: number }, string]>([
    [
      'is missing',
      () => ({ blob: 'b'.repeat(64), size: 1 }),
      'is no longer stored; submit it again',
    ],
    ['is no gzip', () => blobs.put(Buffer.from('no')), 'is not in gzip form'],
    ['is no tar', () => blobs.put(gzipSync(Buffer.alloc(600, 1))), 'is no tar'],
    [
      'would leave its folder',
      () => blobs.put(pack({ '../../escaped': 'x' })),
      '"../../escaped", which would lie outside of its folder',
    ],
    [
      'is a bomb',
      () => blobs.put(gzipSync(Buffer.alloc(170 * 1024 * 1024))),
      'is larger than 157 MB',
    ],
  ])('that %s fails its attempt with that reason', async (_, code, message) => {
    const result = await open().run(shell('true'), { code: code() });
    expect(result).toMatchObject({ outcome: 'failed', error: { reason: 'start' } });
    expect(result.error?.message).toContain(message);
    expect(existsSync(join(rig.workFolder, '..', 'escaped'))).toBe(false);
  });

  test('on its way when its runner closes is laid nowhere', async () => {
    let arrive: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const cached = new CodeCache({
      blobs: { get: async (hash) => arrived.then(() => blobs.get(hash)) },
      folder: join(open().workFolder, 'code'),
    });
    const inner = { close: async () => undefined } as unknown as Executor;
    const executor = withCode({
      cache: cached,
      dependencies: { close: async () => undefined } as Dependencies,
      env: {},
      clock: { now: () => 0 },
      events: {} as ExecutorEvents,
      inner: () => inner,
    });
    const archive = blobs.put(pack(three));
    const use = cached.use(archive);
    const refused = expect(use).rejects.toThrow('closed');
    await executor.close();
    arrive();
    await refused;
    expect(existsSync(join(rig.workFolder, 'code'))).toBe(false);
  });

  test('being laid out when its runner closes is there before that is answered', async () => {
    const cached = new CodeCache({ blobs, folder: join(open().workFolder, 'code') });
    const archive = blobs.put(pack(three));
    const use = cached.use(archive);
    while (!existsSync(cached.look(archive).folder))
      await new Promise((resolve) => setImmediate(resolve));
    await cached.close();
    expect(cached.look(archive).isThere).toBe(true);
    await use;
  });

  test('that is damaged fails its attempt; what cannot be reached now does not', async () => {
    const damaged = new Problem('data-damaged', 'blob x: its content does not fit its hash');
    let error: Error = damaged;
    open(async () => {
      throw error;
    });
    const code = { blob: 'c'.repeat(64), size: 1 };
    const first = await rig.run(shell('true'), { code });
    expect(first).toMatchObject({ outcome: 'failed', error: { message: damaged.message } });
    error = new Unavailable('no answer');
    expect(await rig.run(shell('true'), { code })).toMatchObject({ outcome: 'released' });
  });

  test('on its way: the attempt can be cancelled, and is handed back by a drain', async () => {
    const code = blobs.put(pack(three));
    const gate = Promise.withResolvers<void>();
    open(async (hash) => {
      await gate.promise;
      return blobs.get(hash);
    });
    const [one = 0, two = 0] = rig.startAll({ run: shell('true'), code }, [1, 2]);
    expect(rig.executor.room({ run: shell('true'), code })).toBeLessThan(
      rig.executor.room({ run: shell('true') }) + 2,
    );
    rig.executor.cancel([one]);
    expect(await rig.ended(one)).toMatchObject({ outcome: 'cancelled' });
    await rig.executor.drain(1000);
    expect(await rig.ended(two)).toMatchObject({ outcome: 'released' });
    gate.resolve();
    expect(await rig.run(shell('true'), { code })).toMatchObject({ outcome: 'released' });
  });
});

describe('the cache of code', () => {
  const sized = (letter: string, kb: number) => pack({ file: letter.repeat(kb * 1024) });

  test('lets go of what was used least lately, never of what runs', async () => {
    const blobs = shelf();
    const cache = new CodeCache({ blobs, folder: join(folder, 'lru'), bytesMax: 250 * 1024 });
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((letter) => blobs.put(sized(letter, 100)));
    if (!a || !b || !c || !d) throw new Error('four');
    await cache.use(a);
    await cache.use(b);
    cache.letGo(b);
    await cache.use(c);
    const gone = cache.look(b);
    expect([cache.look(a).isThere, gone.isThere, cache.look(c).isThere]).toEqual([
      true,
      false,
      true,
    ]);
    cache.letGo(a);
    cache.letGo(c);
    expect(cache.useNow(a)).toBe(true);
    cache.letGo(a);
    await cache.use(d);
    expect([cache.look(a).isThere, cache.look(c).isThere]).toEqual([true, false]);
    expect(readdirSync(join(folder, 'lru'))).toHaveLength(2);
  });

  test('what comes again after it was let go of lies in a folder of another name', async () => {
    const blobs = shelf();
    const cache = new CodeCache({ blobs, folder: join(folder, 'again'), bytesMax: 1 });
    const [a, b] = [blobs.put(sized('a', 1)), blobs.put(sized('b', 1))];
    await cache.use(a);
    const before = cache.look(a).folder;
    cache.letGo(a);
    await cache.use(b);
    cache.letGo(b);
    await cache.use(a);
    expect(cache.look(a).folder).not.toBe(before);
    expect(readFileSync(join(cache.look(a).folder, 'file'), 'utf8')).toHaveLength(1024);
    expect(existsSync(before)).toBe(false);
  });

  test('after a failure it is fetched anew', async () => {
    const blobs = shelf();
    let fails = true;
    const get = async (hash: string) => (fails ? undefined : blobs.get(hash));
    const cache = new CodeCache({ blobs: { get }, folder: join(folder, 'anew') });
    const a = blobs.put(sized('a', 1));
    await expect(cache.use(a)).rejects.toThrow('no longer stored');
    fails = false;
    await cache.use(a);
    expect(statSync(cache.look(a).folder).isDirectory()).toBe(true);
  });
});
