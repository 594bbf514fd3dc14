import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Execution, ExecutorEvents } from '../../src/contract/execution.ts';
import type { Json } from '../../src/contract/json.ts';
import { fill, openRig, type Rig, runAll, until } from '../runner/rig.ts';
import { type Ability, type FixtureTask, type Language, type Way, ways } from './language.ts';

/**
 * Goal: what PROTOCOL.md says holds in every language, in each way in which it can be used.
 * Method: the same tasks, written in each language (its `fixture` folder), run by the executor as real processes.
 */
export function testRunner(language: Language): void {
  const missing = language.missing();
  if (missing !== undefined)
    process.stderr.write(`runners: ${language.name} skipped: ${missing}\n`);
  const title = missing === undefined ? language.name : `${language.name} (skipped: ${missing})`;
  (missing === undefined ? describe : describe.skip)(title, () => {
    const folder = mkdtempSync(join(tmpdir(), `fanfold-${language.name}-`));
    beforeAll(() => language.build(folder));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    test('has each way, or says why not', () => {
      const unexplained = ways.filter((way) => !language.run[way] && !language.cannot?.[way]);
      expect(unexplained).toEqual([]);
    });
    for (const way of ways) if (language.run[way]) testWay(language, way, folder);
  });
}

function testWay(language: Language, way: Way, folder: string): void {
  const runOf = language.run[way] as NonNullable<Language['run'][Way]>;
  const spec = (task: FixtureTask, concurrency?: number, rest = {}) => ({
    run: runOf(task, concurrency),
    code: { folder },
    ...rest,
  });
  const isWarm = way === 'function';
  const can = (ability: Ability) => language.cannot?.[ability] === undefined;
  const opened: Rig[] = [];
  const open = (slots = 4, asked?: ExecutorEvents['asked']) => {
    const rig = openRig({ slots, warmProcesses: Math.min(slots, 2) }, asked);
    opened.push(rig);
    return rig;
  };

  describe(isWarm ? 'a call in a warm process' : `a ${way} of its own`, () => {
    let rig: Rig;
    beforeAll(() => {
      rig = open();
    });
    afterAll(async () => {
      for (const each of opened) await each.close();
    });
    const start = (task: FixtureTask, input: Json = {}, rest = {}) =>
      rig.startAll(spec(task, undefined, rest), [input])[0] ?? 0;
    const run = (task: FixtureTask, input: Json = {}, rest = {}) =>
      rig.ended(start(task, input, rest));

    test('gives its output, which may be any JSON', async () => {
      const all = [
        null,
        true,
        -1.5e-7,
        9007199254740991,
        '',
        'a"\\/\n',
        [],
        {},
        { a: [{ b: null }] },
      ];
      const results = await runAll(rig, spec('echo'), all);
      expect(results.map(({ output }) => output)).toEqual(all);
    });

    test('keeps every character', async () => {
      const text = 'häé 😀 \u2028 \u0000 \u007f 漢字 𝔘';
      expect((await run('echo', { [text]: text })).output).toEqual({ [text]: text });
    });

    test('knows its attempt', async () => {
      const key = start('whoami');
      expect((await rig.ended(key)).output).toEqual(['run-1', 'flow', `task-${key}`, 1]);
    });

    test('that fails says why', async () => {
      const { outcome, error } = await run('fail', { n: 1 });
      expect(outcome).toBe('failed');
      expect(error?.reason).toBe(isWarm ? 'error' : 'exit');
      if (isWarm) expect(error?.message).toBe('bad 1');
      else expect(error?.message).toContain('bad 1');
      if (isWarm && can('error-name')) expect(error?.name).toBe(language.errorName);
      if (can('stack')) expect(isWarm ? error?.stack : error?.message).toMatch(/fail/i);
    });

    test('may give much', async () => {
      const bytes = 6_000_000;
      const { output } = await run('big', { bytes });
      expect(typeof output === 'string' && output.length === bytes && !/[^x]/.test(output)).toBe(
        true,
      );
    });

    test('may give and print what is no text', async () => {
      const { output } = await run('characters');
      expect(output).toBe(String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code)));
      expect((await run('echo', 1)).output).toBe(1);
    });

    test('prints its log, all of it and apart from that of others', async () => {
      const counts = [2500, 0, 1];
      const inputs = counts.map((lines) => ({ lines }));
      const results = await runAll(rig, spec('speak'), inputs);
      for (const [index, { key, outcome }] of results.entries()) {
        expect(outcome).toBe('succeeded');
        const lines = Array.from({ length: counts[index] ?? 0 }, (_, line) => `line ${line}`);
        expect(rig.printed(key)).toEqual([...lines, 'end']);
        expect(rig.printed(key, 'stderr')).toEqual(['oops']);
      }
    });

    test('says where it is, that it lives, and hears that it is to stop', async () => {
      const key = start('progress');
      const told = () => rig.beats.filter((beat) => beat.key === key);
      await until(() => new Set(told().map(({ at }) => at)).size > 1);
      expect(told()[0]).toMatchObject({ step: 'loading', progress: 0.4 });
      rig.executor.cancel([key]);
      expect((await rig.ended(key)).outcome).toBe('cancelled');
    });

    test('asks for a hundred sub-tasks', async () => {
      const before = rig.spawned.length;
      const { outcome, spawns = [] } = await run('spawn', { n: 100 });
      expect(outcome).toBe('succeeded');
      const asked = [...rig.spawned.slice(before), ...spawns];
      const want = Array.from({ length: 100 }, (_, n) => ({ key: `part-${n}`, with: { n } }));
      expect(asked).toEqual([...want.slice(0, 99), { ...want[99], detached: true }]);
    });

    test('is told that it is cancelled, and may end in order', async () => {
      const key = start('wait', {}, { limits: { graceMs: 120_000 } });
      await until(() => rig.printed(key).includes('waiting'));
      rig.executor.cancel([key]);
      expect((await rig.ended(key)).outcome).toBe('cancelled');
      expect(rig.printed(key)).toEqual(['waiting', 'told']);
    });

    test('is ended by its time limit, whether it heeds it or not', async () => {
      const { outcome, error } = await run(
        'stubborn',
        {},
        { limits: { runMs: 300, graceMs: 100 } },
      );
      expect({ outcome, reason: error?.reason }).toEqual({
        outcome: 'failed',
        reason: 'time-limit',
      });
      expect((await run('echo', 2)).output).toBe(2);
    });

    test('that is silent for too long is ended', async () => {
      const { error } = await run('wait', {}, { limits: { heartbeatMs: 300, graceMs: 1000 } });
      expect(error?.reason).toBe('heartbeat');
    });

    test('may end in a drain, and takes its slot no longer', async () => {
      const other = open();
      const file = join(other.workFolder, 'go on');
      const [key = 0] = other.startAll(spec('linger'), [{ until: file }]);
      await until(() => other.started.includes(key));
      const drained = other.executor.drain(240_000);
      writeFileSync(file, '');
      await drained;
      expect(await other.ended(key)).toMatchObject({ outcome: 'succeeded', output: 'done' });
      expect(other.executor.room(spec('echo'))).toBe(0);
    });

    test('that does not end in a drain is handed back', async () => {
      const other = open();
      const [key = 0] = other.startAll(spec('stubborn'), [{}]);
      await until(() => other.started.includes(key));
      await other.executor.drain(50);
      expect((await other.ended(key)).outcome).toBe('released');
    });

    test('that dies fails alone', async () => {
      const inputs = Array.from({ length: 8 }, (_, n) => ({ n, crash: n === 3 }));
      const results = await runAll(rig, spec('crash'), inputs);
      const want = inputs.map(({ crash }) => (crash ? 'failed' : 'succeeded'));
      expect(results.map(({ outcome }) => outcome)).toEqual(want);
      expect(results[3]?.error).toMatchObject({ reason: 'exit', signal: 'SIGKILL' });
      expect(results[4]?.output).toEqual(inputs[4]);
    });

    test('that gets no more memory has failed for that reason', async () => {
      const env = language.memoryEnv;
      const { outcome, error } = await run('grow', {}, env && { env });
      expect({ outcome, reason: error?.reason }).toEqual({ outcome: 'failed', reason: 'memory' });
      expect((await run('echo', 3)).output).toBe(3);
    });

    if (can('once'))
      test('has an effect once, whatever comes twice', async () => {
        const asked = new Map<string, Json>();
        let waits = 1;
        const other = open(4, async (_, { key, value }) => {
          const before = asked.get(key);
          if (before !== undefined) return { value: before };
          if (value === undefined) return waits-- > 0 ? { wait: 5 } : { mine: true };
          asked.set(key, value);
          return { kept: true };
        });
        const inputs = [{ n: 1, text: 'ö "x"' }, { n: 2 }];
        const keys = [];
        for (const input of inputs) {
          const [key = 0] = other.startAll(spec('once'), [input]);
          expect((await other.ended(key)).output).toEqual(inputs[0]);
          keys.push(key);
        }
        expect(keys.map((key) => other.printed(key))).toEqual([['effect'], []]);
      });

    test('has a place of its own for temporary files', async () => {
      const { output } = await run('scratch');
      expect(String(output).startsWith(rig.workFolder)).toBe(true);
    });

    if (isWarm) testCalls(language, spec, open);
  });
}

/** What holds for calls only: they share a process. */
function testCalls(
  language: Language,
  spec: (task: FixtureTask, concurrency?: number) => Execution['spec'],
  open: (slots?: number) => Rig,
): void {
  test('is one of a hundred in the same process', async () => {
    const rig = open(1);
    const results = await fill(rig, spec('pid'), Array(100).fill(null));
    const pids = new Set(results.map(({ output }) => output));
    expect(pids.size).toBe(1);
    const [pid] = pids;
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).not.toBe('');
  });

  test('waits for its turn: one at a time in each process', async () => {
    const rig = open(1);
    const file = join(rig.workFolder, 'go on');
    const [first = 0, second = 0] = rig.startAll(spec('linger'), [
      { until: file },
      { until: file },
    ]);
    await until(() => rig.started.includes(first));
    expect(rig.started).not.toContain(second);
    writeFileSync(file, '');
    const results = [await rig.ended(first), await rig.ended(second)];
    expect(results.map(({ outcome }) => outcome)).not.toContain('failed');
  });

  if (language.cannot?.['side-by-side'] !== undefined) return;

  test('is one of many at a time, where its definition says so', async () => {
    const rig = open(10);
    const file = join(rig.workFolder, 'go on');
    const sideBySide = spec('linger', 10);
    const keys = rig.startAll(sideBySide, Array(10).fill({ until: file }));
    await until(() => keys.every((key) => rig.started.includes(key)));
    writeFileSync(file, '');
    for (const key of keys) expect((await rig.ended(key)).output).toBe('done');
  });

  test('is cancelled alone among those at its side', async () => {
    const rig = open(3);
    const file = join(rig.workFolder, 'go on');
    const waiting = { ...spec('wait', 3), limits: { graceMs: 120_000 } };
    const [one = 0, two = 0] = rig.startAll(waiting, [1, 2]);
    const [three = 0] = rig.startAll(spec('linger', 3), [{ until: file }]);
    await until(() => [one, two, three].every((key) => rig.started.includes(key)));
    rig.executor.cancel([one]);
    expect((await rig.ended(one)).outcome).toBe('cancelled');
    expect(rig.results).toHaveLength(1);
    writeFileSync(file, '');
    expect((await rig.ended(three)).output).toBe('done');
    rig.executor.cancel([two]);
    expect((await rig.ended(two)).outcome).toBe('cancelled');
  });
}
