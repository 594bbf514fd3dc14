import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Run } from '../../src/contract/workflow.ts';
import {
  descendants,
  fill,
  node,
  openRig,
  processesWith,
  python,
  type Rig,
  runAll,
  sleep,
  until,
} from './rig.ts';

/**
 * Goal: a call in a warm process is as good as a process of its own: what it gives, prints and asks for is its own,
 * and what it does to the process hits no other call.
 * Method: real processes; what holds for both languages is tested for both.
 */
let rig: Rig;
let folder: string;
beforeAll(() => {
  rig = openRig({ slots: 4, warmProcesses: 2 });
  folder = mkdtempSync(join(tmpdir(), 'fanfold-code-'));
});
afterAll(async () => {
  await rig.close();
  rmSync(folder, { recursive: true, force: true });
});

const languages = { node, python } as const;
const each = ['node', 'python'] as const;
/** The same in both languages. */
const both = (nodeCode: string, pythonCode: string) => ({
  node: (concurrency?: number) => node(nodeCode, concurrency),
  python: (concurrency?: number) => python(pythonCode, concurrency),
});

function fn(language: 'node' | 'python', path: string, name: string, text: string): Run {
  writeFileSync(join(folder, path), text);
  return { kind: 'function', language, path, name };
}

describe.each(each)('a call in %s', (language) => {
  const code = () => ({ code: { folder } });

  test('gives what it returns', async () => {
    const run = both('return { got: input, ö: "😀" }', 'return {"got": input, "ö": "😀"}')[
      language
    ]();
    expect(await rig.run(run, {}, { n: 1 })).toMatchObject({
      outcome: 'succeeded',
      output: { got: { n: 1 }, ö: '😀' },
    });
  });

  test('gives null when it returns nothing', async () => {
    expect((await rig.run(languages[language]('1'))).output).toBeNull();
  });

  test('may await', async () => {
    const run = both(
      'await new Promise((r) => setTimeout(r, 20)); return input + 1',
      'import asyncio\nawait asyncio.sleep(0.02)\nreturn input + 1',
    )[language]();
    const result = await rig.run(run, {}, 1);
    expect(result.output).toBe(2);
    expect(result.endedAt - result.startedAt).toBeGreaterThanOrEqual(18);
  });

  test('may be a function in a file, which is loaded again when it changes', async () => {
    const text = { node: 'export const f = (n) => n + 1', python: 'def f(n, task): return n + 1' };
    const path = `f.${language === 'node' ? 'mjs' : 'py'}`;
    const run = fn(language, path, 'f', text[language]);
    const spec = { run, ...code() };
    const [first] = rig.startAll(spec, [1]);
    expect((await rig.ended(first ?? 0)).output).toBe(2);
    writeFileSync(join(folder, path), text[language].replace('n + 1', 'n * 100'));
    utimesSync(join(folder, path), new Date(), new Date(Date.now() + 5000));
    await sleep(50);
    const [second] = rig.startAll(spec, [7]);
    expect((await rig.ended(second ?? 0)).output).toBe(700);
  });

  test('may be an async function in a file', async () => {
    const text = {
      node: 'export async function g(n, task) { return [n, task.id] }',
      python: 'async def g(n, task): return [n, task.id]',
    };
    const run = fn(language, `g.${language === 'node' ? 'mjs' : 'py'}`, 'g', text[language]);
    const key = rig.start(run, code(), 1);
    expect((await rig.ended(key)).output).toEqual([1, `task-${key}`]);
  });

  test('knows its attempt', async () => {
    const run = both(
      'return [task.run, task.id, task.attempt]',
      'return [task.run, task.id, task.attempt]',
    )[language]();
    const key = rig.start(run);
    expect((await rig.ended(key)).output).toEqual(['run-1', `task-${key}`, 1]);
  });

  test('prints its log, apart from that of other calls', async () => {
    const run = both(
      'console.log("a", input); console.error("b"); process.stdout.write("c")',
      'import sys\nprint("a", input)\nprint("b", file=sys.stderr)\nsys.stdout.write("c")',
    )[language]();
    const keys = rig.startAll({ run }, [1, 2, 3, 4]);
    for (const key of keys) await rig.ended(key);
    for (const [index, key] of keys.entries()) {
      expect(rig.printed(key)).toEqual([`a ${index + 1}`, 'c']);
      expect(rig.printed(key, 'stderr')).toEqual(['b']);
    }
  });

  test('prints while it runs', async () => {
    const run = both(
      'console.log("early"); await new Promise((r) => task.signal.addEventListener("abort", r))',
      'import time\nprint("early")\ntime.sleep(60)',
    )[language]();
    const key = rig.start(run);
    await until(() => rig.printed(key).includes('early'));
    rig.executor.cancel([key]);
    expect((await rig.ended(key)).outcome).toBe('cancelled');
  });

  test('tells beats and progress, and asks for sub-tasks', async () => {
    const run = both(
      'task.beat(); task.progress("s", 0.25); task.spawn(5); task.spawn({ key: "k", with: 6 }); await new Promise((r) => setTimeout(r, 150))',
      'import time\ntask.beat()\ntask.progress("s", 0.25)\ntask.spawn(5)\ntask.spawn(6, key="k")\ntime.sleep(0.15)',
    )[language]();
    const key = rig.start(run);
    const { spawns = [] } = await rig.ended(key);
    expect(rig.beats.find((beat) => beat.key === key)).toMatchObject({ step: 's', progress: 0.25 });
    const asked = [...rig.spawned, ...spawns];
    expect(asked).toEqual(
      expect.arrayContaining([
        { key: '0', with: 5 },
        { key: 'k', with: 6 },
      ]),
    );
  });

  test('tells its start not after its end, however late we hear of both', async () => {
    const spec = { run: node('const end = Date.now() + 300; while (Date.now() < end); return 1') };
    const keys = rig.startAll(spec, [1, 2, 3]);
    await until(() => rig.startedAt.size > 0);
    // Deaf for long enough that calls begin and end meanwhile.
    for (const end = Date.now() + 700; Date.now() < end; );
    for (const key of keys) {
      const { startedAt, endedAt } = await rig.ended(key);
      expect(rig.startedAt.get(key) ?? startedAt).toBeLessThanOrEqual(startedAt);
      expect(startedAt).toBeLessThanOrEqual(endedAt);
    }
  });

  test('that throws has failed, with name, message and stack', async () => {
    const run = both('throw new TypeError("bad " + input)', 'raise TypeError("bad %s" % input)')[
      language
    ]();
    const { outcome, error } = await rig.run(run, {}, 1);
    expect(outcome).toBe('failed');
    expect(error).toMatchObject({ reason: 'error', name: 'TypeError', message: 'bad 1' });
    expect(error?.stack).toContain('TypeError: bad 1');
    expect(error?.stack).not.toContain('harness.');
  });

  test('whose output is no JSON has failed', async () => {
    const run = both('const a = {}; a.a = a; return a', 'return {1, 2}')[language]();
    expect((await rig.run(run)).error?.reason).toBe('output');
  });

  test('whose code does not compile has failed', async () => {
    expect((await rig.run(languages[language]('return (('))).error?.name).toBe('SyntaxError');
  });

  test('of a file or function that is not there has failed to start', async () => {
    const path = language === 'node' ? 'no.mjs' : 'no.py';
    const run: Run = { kind: 'function', language, path, name: 'f' };
    const gone = await rig.run(run, code());
    expect(gone.error).toMatchObject({ reason: 'start', message: expect.stringContaining(path) });
    writeFileSync(join(folder, path), '');
    const nameless = await rig.run({ ...run }, code());
    expect(nameless.error).toMatchObject({
      reason: 'start',
      message: expect.stringContaining('function f'),
    });
  });

  test('that ends its process fails alone', async () => {
    const run = both(
      'if (input === 3) process.kill(process.pid, "SIGKILL"); return input',
      'import os\nif input == 3: os.kill(os.getpid(), 9)\nreturn input',
    )[language]();
    const results = await runAll(rig, { run }, [0, 1, 2, 3, 4, 5, 6, 7]);
    expect(results.map(({ outcome }) => outcome)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((n) => (n === 3 ? 'failed' : 'succeeded')),
    );
    expect(results[3]?.error).toMatchObject({ reason: 'exit', signal: 'SIGKILL' });
  });

  test('that calls exit has failed with that code', async () => {
    const run = both('process.exit(3)', 'import sys\nsys.exit(3)')[language]();
    expect((await rig.run(run)).error).toMatchObject({ reason: 'exit', exitCode: 3 });
  });

  test('that blocks is ended by its time limit, those behind it are handed back or done', async () => {
    const run = both(
      'if (input === 0) for (;;); return input',
      'while input == 0: pass\nreturn input',
    )[language]();
    const spec = { run, limits: { runMs: 400, graceMs: 100 } };
    const keys = rig.startAll(spec, [0, 1, 2, 3, 4, 5]);
    const results = await Promise.all(keys.map((key) => rig.ended(key)));
    expect(results[0]).toMatchObject({ outcome: 'failed', error: { reason: 'time-limit' } });
    for (const { outcome } of results.slice(1))
      expect(['succeeded', 'released']).toContain(outcome);
  });

  test('side by side with 99 others takes less than one after the other', async () => {
    const run = both(
      'console.log(input); await new Promise((r) => setTimeout(r, 500)); console.log(input); return input',
      'import asyncio\nprint(input)\nawait asyncio.sleep(0.5)\nprint(input)\nreturn input',
    )[language](100);
    const other = openRig({ slots: 100, warmProcesses: 1 });
    const spec = { run };
    expect(other.executor.room(spec)).toBe(100);
    const inputs = Array.from({ length: 100 }, (_, index) => index);
    const start = Date.now();
    const keys = other.startAll(spec, inputs);
    const results = await Promise.all(keys.map((key) => other.ended(key)));
    const each = results.reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0);
    expect(Date.now() - start).toBeLessThan(each / 2);
    expect(results.map(({ output }) => output)).toEqual(inputs);
    for (const [index, key] of keys.entries()) {
      expect(other.printed(key)).toEqual([String(index), String(index)]);
    }
    await other.close();
  });

  test('side by side with others ends alone when cancelled', async () => {
    const run = both(
      'await new Promise((r, no) => { setTimeout(r, 1500); if (input === 0) task.signal.addEventListener("abort", no) }); return input',
      'import asyncio\nawait asyncio.sleep(1.5)\nreturn input',
    )[language](10);
    const keys = rig.startAll({ run }, [0, 1, 2]);
    await until(() => rig.started.includes(keys[2] ?? 0));
    await sleep(300);
    rig.executor.cancel(keys.slice(0, 1));
    const results = await Promise.all(keys.map((key) => rig.ended(key)));
    expect(results.map(({ outcome }) => outcome)).toEqual(['cancelled', 'succeeded', 'succeeded']);
  });

  test('is one of many in the same process', async () => {
    const other = openRig({ warmProcesses: 1 });
    const run = both('return process.pid', 'import os\nreturn os.getpid()')[language]();
    const spec = { run };
    const results = await fill(
      other,
      spec,
      Array.from({ length: 300 }, () => null),
    );
    expect(new Set(results.map(({ output }) => output)).size).toBe(1);
    expect(results.every(({ memoryMb }) => memoryMb === undefined || memoryMb > 3)).toBe(true);
    await other.close();
  });
});

describe('room', () => {
  test('is what is free for calls that are unknown, and some more for short ones', async () => {
    const other = openRig({ slots: 4, warmProcesses: 2 });
    const spec = { run: node('return 1') };
    expect(other.executor.room(spec)).toBe(2);
    await fill(
      other,
      spec,
      Array.from({ length: 500 }, () => null),
    );
    expect(other.executor.room(spec)).toBeGreaterThan(4);
    const slow = { run: node('await new Promise((r) => setTimeout(r, 30))') };
    await fill(
      other,
      slow,
      Array.from({ length: 20 }, () => null),
    );
    expect(other.executor.room(slow)).toBe(2);
    expect(other.executor.room({ run: { kind: 'command', argv: ['true'] } })).toBe(4);
    await other.close();
  });

  test('calls side by side in one process take a slot each', async () => {
    const other = openRig({ slots: 3, warmProcesses: 1 });
    const spec = { run: node('await new Promise((r) => setTimeout(r, 60000))', 1000) };
    expect(other.executor.room(spec)).toBe(3);
    expect(other.executor.room(spec, 2)).toBe(1);
    expect(other.executor.slots(spec, 5)).toBe(5);
    other.startAll(spec, [0, 1]);
    expect(other.executor.room(spec)).toBe(1);
    expect(other.executor.room({ run: { kind: 'command', argv: ['true'] } })).toBe(1);
    await other.close();
  });

  test('long calls get a process each, up to the slots', async () => {
    const other = openRig({ slots: 12 });
    const spec = { run: node('await new Promise((r) => setTimeout(r, 60000))') };
    const few = other.executor.room(spec);
    expect(few).toBe(Math.min(12, availableParallelism()));
    other.startAll(
      spec,
      Array.from({ length: few }, () => null),
    );
    await until(() => other.executor.room(spec) === 12 - few);
    await other.close();
  });

  test('programs and busy processes share the slots', async () => {
    const other = openRig({ slots: 3, warmProcesses: 3 });
    const keys = [
      other.start({ kind: 'command', argv: ['sleep', '60'] }),
      other.start(node('await new Promise((r) => setTimeout(r, 60000))')),
    ];
    expect(other.executor.room({ run: node('return 1') })).toBe(1);
    await until(() => keys.every((key) => other.started.includes(key)));
    await other.close();
  });
});

describe.each(['node', 'python'] as const)('behind a slow call in %s', (language) => {
  test('those that wait are handed back, and never run twice', async () => {
    const other = openRig({ slots: 4, warmProcesses: 1 });
    const run = both(
      'if (input === "slow") await new Promise((r) => setTimeout(r, 1500)); return input',
      'import time\nif input == "slow": time.sleep(1.5)\nreturn input',
    )[language]();
    const spec = { run };
    await fill(
      other,
      spec,
      Array.from({ length: 60 }, () => 'warm'),
    );
    const keys = other.startAll(spec, ['slow', 1, 2, 3]);
    const results = await Promise.all(keys.slice(1).map((key) => other.ended(key)));
    expect(results.map(({ outcome }) => outcome)).toEqual(['released', 'released', 'released']);
    expect(other.results.some(({ key }) => key === keys[0])).toBe(false);
    expect((await other.ended(keys[0] ?? 0)).output).toBe('slow');
    await other.close();
  });
});

describe('a warm process', () => {
  test('that is killed fails its call, and the next call has another', async () => {
    const key = rig.start(node('await new Promise((r) => setTimeout(r, 60000))'), {
      env: { A: '1' },
    });
    await until(() => rig.started.includes(key));
    const before = rig.results.length;
    for (const pid of processesWith('\0A=1\0')) process.kill(pid, 'SIGKILL');
    expect((await rig.ended(key)).error).toMatchObject({ reason: 'exit', signal: 'SIGKILL' });
    expect(rig.results.length).toBe(before + 1);
    expect((await rig.run(node('return 1'), { env: { A: '1' } })).output).toBe(1);
  });

  test('that runs out of memory fails its call for that reason', async () => {
    const code = 'const a = []; for (;;) a.push(new Array(1e6).fill({}))';
    const hungry = openRig({ node: process.execPath });
    const { error } = await hungry.run(node(code), {
      env: { NODE_OPTIONS: '--max-old-space-size=60' },
    });
    expect(error).toMatchObject({ reason: 'memory' });
    await hungry.close();
  });

  test('takes the uncaught error of a call that waits, and tells it', async () => {
    const code =
      'setTimeout(() => { throw new RangeError("late") }, 10); await new Promise(() => {})';
    const { error } = await rig.run(node(code));
    expect(error).toMatchObject({ reason: 'error', name: 'RangeError', message: 'late' });
  });

  test('whose pipe a call meddles with is ended, and only that call has failed', async () => {
    const code = '(await import("node:fs")).writeSync(4, "nonsense\\n"); return 1';
    const { outcome } = await rig.run(node(code), { env: { B: '1' } });
    expect(outcome).toBe('failed');
    expect((await rig.run(node('return 1'), { env: { B: '1' } })).output).toBe(1);
  });

  test('that can not be started says what is missing', async () => {
    const other = openRig({ python: 'python-of-nobody' });
    const unknown = await other.run(python('return 1'));
    const message = expect.stringContaining('python-of-nobody');
    expect(unknown.error).toMatchObject({ reason: 'start', message });
    const homeless = await other.run(node('return 1'), { code: { folder: '/no/such/folder' } });
    expect(homeless.error).toMatchObject({
      reason: 'start',
      message: "the code's folder /no/such/folder is missing",
    });
    await other.close();
  });

  test('refuses an output beyond the limit', async () => {
    const other = openRig({ outputBytesMax: 1000 });
    for (const run of [node('return "x".repeat(2000)'), python('return "x" * 2000')]) {
      const message = 'the output has 2002 bytes, more than 1000';
      expect((await other.run(run)).error).toMatchObject({ reason: 'output', message });
    }
    await other.close();
  });

  test('has an environment of its own', async () => {
    const code = 'return Object.keys(process.env).sort()';
    const other = openRig({ hostEnv: { PATH: process.env.PATH, SECRET: '1' } });
    const { output } = await other.run(node(code), { env: { MINE: '1' } });
    expect(output).toEqual(['HOME', 'MINE', 'PATH', 'TASK_TOKEN', 'TMPDIR']);
    await other.close();
  });

  test('is ended when idle, and leaves nothing', async () => {
    const other = openRig({ idleMs: 200 });
    const before = descendants(process.pid);
    await other.run(node('return 1'));
    await other.run({ kind: 'command', argv: ['true'] });
    await until(() => descendants(process.pid).every((pid) => before.includes(pid)));
    expect(processesWith(other.workFolder)).toEqual([]);
    await other.close();
  });
});
