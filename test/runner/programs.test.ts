import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AttemptResult } from '../../src/contract/execution.ts';
import type { Run } from '../../src/contract/workflow.ts';
import { openRig, processesWith, type Rig, shell, sleep, until } from './rig.ts';

/**
 * Goal: a program sees what PROTOCOL.md says, and what becomes of it is told as it was.
 * Method: real processes.
 */
let rig: Rig;
beforeAll(() => {
  rig = openRig({ slots: 4 });
});
afterAll(() => rig.close());

const images = join(import.meta.dirname, '..', '..', 'runtime-images');

function inCode(files: Record<string, string>): { code: { folder: string } } {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-code-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return { code: { folder } };
}

describe('what a program gives', () => {
  const cases: [string, Run, Partial<AttemptResult>][] = [
    ['a command without output gives null', { kind: 'command', argv: ['true'] }, { output: null }],
    [
      'the last line of stdout is its output',
      shell('echo a; echo \'{"b":[1]}\''),
      { output: { b: [1] } },
    ],
    ['blank lines are not looked at', shell("echo 7; echo; echo '  '"), { output: 7 }],
    ['a last line without line end counts', shell('printf "1\\n2"'), { output: 2 }],
    ['a last line that is no JSON gives null', shell('echo 1; echo done'), { output: null }],
    ['the output file comes before stdout', shell('echo 1; echo 2 > $TASK_OUTPUT'), { output: 2 }],
    ['text is UTF-8', shell('printf \'"h\\303\\251 \\360\\237\\230\\200"\''), { output: 'hé 😀' }],
    [
      'a shell snippet is a program',
      { kind: 'snippet', language: 'shell', code: 'echo 3' },
      { output: 3 },
    ],
    ['the input is on stdin', shell('cat'), { output: { n: 1 } }],
    ['the input is in a file', shell('cat "$TASK_INPUT"'), { output: { n: 1 } }],
  ];
  test.each(cases)('%s', async (_, run, want) => {
    expect(await rig.run(run, {}, { n: 1 })).toMatchObject({ outcome: 'succeeded', ...want });
  });

  test('an exit code other than 0 is a failure that quotes stderr', async () => {
    const result = await rig.run(shell('echo one >&2; echo two >&2; exit 7'));
    const error = { reason: 'exit', exitCode: 7, message: 'one\ntwo' };
    expect(result).toMatchObject({ outcome: 'failed', error });
    expect(result).not.toHaveProperty('output');
  });

  test('an end by a signal names it', async () => {
    const { error } = await rig.run(shell('kill -SEGV $$'));
    expect(error).toMatchObject({ reason: 'exit', signal: 'SIGSEGV', message: 'ended by SIGSEGV' });
  });

  test('a long error is cut to its end', async () => {
    const { error } = await rig.run(shell('seq 1 5000 >&2; echo last >&2; exit 1'));
    expect(error?.message.length).toBeLessThanOrEqual(2048);
    expect(error?.message.endsWith('last')).toBe(true);
  });

  test('an output file that is no JSON is refused', async () => {
    const { error } = await rig.run(shell('echo "{" > $TASK_OUTPUT'));
    expect(error?.reason).toBe('output');
  });

  test('an output that is nested too deeply is refused', async () => {
    const line =
      'head -c 3000000 /dev/zero | tr "\\0" "[" > $TASK_OUTPUT; head -c 3000000 /dev/zero | tr "\\0" "]" >> $TASK_OUTPUT';
    expect((await rig.run(shell(line))).error?.reason).toBe('output');
    expect((await rig.run(shell('echo 1'))).output).toBe(1);
  });

  test('an output file beyond the limit is refused', async () => {
    const { error } = await rig.run(shell('head -c 17000000 /dev/zero > $TASK_OUTPUT'));
    expect(error).toMatchObject({ reason: 'output', message: expect.stringContaining('17000000') });
  });
});

describe('what can not be started', () => {
  const cases: [string, Run, string][] = [
    [
      'a command that is not there',
      { kind: 'command', argv: ['no-such-program'] },
      'no-such-program',
    ],
    ['a file that is not executable', { kind: 'command', argv: ['/etc'] }, 'not executable'],
    [
      'a script that is not there',
      { kind: 'script', language: 'shell', path: 'gone.sh' },
      'gone.sh',
    ],
  ];
  test.each(cases)('%s is told by name', async (_, run, text) => {
    const { outcome, error } = await rig.run(run);
    expect({ outcome, reason: error?.reason }).toEqual({ outcome: 'failed', reason: 'start' });
    expect(error?.message).toContain(text);
  });

  test("the code's folder that is not there is told by name", async () => {
    const { error } = await rig.run(shell('true'), { code: { folder: '/no/such/folder' } });
    expect(error).toEqual({
      reason: 'start',
      message: "the code's folder /no/such/folder is missing",
    });
  });

  test('an interpreter that is not there is told by name', async () => {
    const other = openRig({ python: 'python-of-nobody' });
    const code = inCode({ 'a.py': '' });
    const { error } = await other.run({ kind: 'script', language: 'python', path: 'a.py' }, code);
    expect(error).toMatchObject({
      reason: 'start',
      message: expect.stringContaining('python-of-nobody'),
    });
    await other.close();
    rmSync(code.code.folder, { recursive: true });
  });
});

describe("a program's world", () => {
  test('its environment is the allow-list, its own variables and TASK_*', async () => {
    const hostEnv = { PATH: process.env.PATH, LANG: 'C.UTF-8', AWS_SECRET_ACCESS_KEY: 'secret' };
    const other = openRig({ hostEnv });
    const code = 'const e = process.env; console.log(JSON.stringify(Object.keys(e).sort()))';
    const argv = [process.execPath, '-e', code];
    const { output } = await other.run({ kind: 'command', argv }, { env: { MINE: '1' } });
    expect(output).toEqual([
      'HOME',
      'LANG',
      'MINE',
      'PATH',
      'TASK_ANSWERS',
      'TASK_ATTEMPT',
      'TASK_CONTROL',
      'TASK_DIR',
      'TASK_ID',
      'TASK_INPUT',
      'TASK_OUTPUT',
      'TASK_RUN',
      'TASK_TOKEN',
      'TASK_WORKFLOW',
      'TMPDIR',
    ]);
    await other.close();
  });

  test('its identity is in TASK_*', async () => {
    const line = 'echo "[\\"$TASK_RUN\\",\\"$TASK_WORKFLOW\\",\\"$TASK_ID\\",$TASK_ATTEMPT]"';
    const key = rig.start(shell(line));
    expect((await rig.ended(key)).output).toEqual(['run-1', 'flow', `task-${key}`, 1]);
  });

  test('it runs in its own folder, which only its user may enter', async () => {
    const line = 'test "$PWD" = "$TASK_DIR" && test -d "$TMPDIR" && stat -c \'"%a"\' .';
    expect((await rig.run(shell(line))).output).toBe('700');
  });

  const traces: [string, string][] = [
    ['files and folders', 'mkdir -p a/b; touch a/b/c "$TMPDIR/d"; chmod 500 a'],
    ['another input', 'echo 7 > "$TASK_INPUT"'],
    ['an input put in its place', 'echo 7 > new; mv new "$TASK_INPUT"'],
    ['no input', 'rm "$TASK_INPUT"'],
    ['other rights', 'chmod 755 . tmp'],
    ['a tmp that is a link', 'rmdir tmp; ln -s /var/empty tmp'],
  ];
  test.each(traces)('it finds nothing of an earlier attempt that has left %s', async (_, line) => {
    const look =
      'cat "$TASK_INPUT" >&2; stat -c "%F %a" . tmp >&2; ls -A . tmp | tr "\\n" " " | sed \'s/.*/"&"/\'';
    for (let i = 0; i < 6; i++) await rig.run(shell(line), {}, 1);
    for (let i = 0; i < 6; i++) {
      const key = rig.start(shell(look), {}, 1);
      expect((await rig.ended(key)).output).toBe('.: input.json tmp  tmp: ');
      expect(rig.printed(key, 'stderr')).toEqual(['1', 'directory 700', 'directory 700']);
    }
  });

  test('with code, it runs in the folder of the code', async () => {
    const code = inCode({ 'a.sh': 'pwd | sed \'s/.*/"&"/\'; echo "\\"$1\\""' });
    const run: Run = { kind: 'script', language: 'shell', path: 'a.sh', args: ['x y'] };
    const key = rig.start(run, code);
    expect((await rig.ended(key)).output).toBe('x y');
    expect(rig.printed(key)[0]).toContain(code.code.folder);
    rmSync(code.code.folder, { recursive: true });
  });

  test('scripts run by their interpreter, with the optional helpers', async () => {
    const use = 'progress("half", 0.5); spawn({ with: 1 }); output(input().n + 1);';
    const code = inCode({
      'a.mjs': `import { input, output, progress, spawn } from '${images}/node/fanfold.mjs'; ${use}`,
      'a.py': `import sys; sys.path.insert(0, '${images}/python'); sys.dont_write_bytecode = True
import fanfold
fanfold.progress("half", 0.5)
fanfold.spawn(1)
fanfold.output(fanfold.input()["n"] + 1)`,
    });
    for (const [language, path] of [
      ['node', 'a.mjs'],
      ['python', 'a.py'],
    ] as const) {
      const result = await rig.run({ kind: 'script', language, path }, code, { n: 1 });
      expect(result).toMatchObject({ outcome: 'succeeded', output: 2 });
      expect([...(result.spawns ?? []), ...rig.spawned]).toContainEqual({ key: '0', with: 1 });
    }
    rmSync(code.code.folder, { recursive: true });
  });
});

describe('what a program prints', () => {
  test('comes line by line with its stream, and before the end', async () => {
    const key = rig.start(shell('echo a; echo b >&2; printf c'));
    await rig.ended(key);
    expect(rig.printed(key)).toEqual(['a', 'c']);
    expect(rig.printed(key, 'stderr')).toEqual(['b']);
  });

  test('may be written to the paths of its streams', async () => {
    const key = rig.start(shell('echo a > /dev/stdout; echo b > /dev/stderr; echo c >> /dev/fd/1'));
    await rig.ended(key);
    expect(rig.printed(key)).toEqual(['a', 'c']);
    expect(rig.printed(key, 'stderr')).toEqual(['b']);
  });

  test('comes while it runs', async () => {
    const key = rig.start(shell('echo early; sleep 30'));
    await until(() => rig.printed(key).includes('early'));
    rig.executor.cancel([key]);
    await rig.ended(key);
  });

  test('has no control characters, and no bytes that are not UTF-8', async () => {
    const key = rig.start(shell("printf '\\033[31mred\\033[0m\\ta\\001b\\r\\nx\\377y\\n'"));
    await rig.ended(key);
    expect(rig.printed(key)).toEqual(['red\tab', 'x\ufffdy']);
  });

  test('is cut where a line is long', async () => {
    const key = rig.start(shell('head -c 500000 /dev/zero | tr "\\0" x; echo; echo end'));
    await rig.ended(key);
    const [long = '', end] = rig.printed(key);
    expect(long).toMatch(/^x{16000}… \[cut: the line has \d+ characters\]$/);
    expect(end).toBe('end');
  });

  test('is dropped beyond a limit, neither blocking the program nor filling memory', async () => {
    const other = openRig({ logBytesMax: 1_000_000 });
    const before = process.memoryUsage.rss();
    const line = 'yes 0123456789012345678901234567890123456789 | head -c 200000000; echo; echo 5';
    const key = other.start(shell(line));
    expect(await other.ended(key)).toMatchObject({ outcome: 'succeeded', output: 5 });
    const bytes = other.printed(key).reduce((sum, text) => sum + text.length, 0);
    expect(bytes).toBeLessThan(2_000_000);
    expect(other.printed(key, 'system').join('\n')).toMatch(
      /log is full at 1000000 bytes[\s\S]*bytes of output dropped/,
    );
    expect(process.memoryUsage.rss() - before).toBeLessThan(200_000_000);
    await other.close();
  });

  test('waits in the program while the sink is slow', async () => {
    let sunk = 0;
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const append = async (lines: readonly unknown[]) => {
      sunk += lines.length;
      await gate;
    };
    const logs = { append, read: async () => ({ lines: [], next: '' }) };
    const other = openRig({ logs, logBytesMax: 100_000_000 });
    const key = other.start(
      shell('yes 0123456789012345678901234567890123456789 | head -c 20000000'),
    );
    await sleep(700);
    expect(sunk).toBeLessThan(100_000);
    open();
    await other.ended(key);
    expect(sunk).toBeGreaterThan(400_000);
    await other.close();
  });

  test('comes once, also when it had to wait', async () => {
    const texts: string[] = [];
    const append = async (lines: readonly { text: string }[]) => {
      for (const { text } of lines) texts.push(text);
      await sleep(20);
    };
    const logs = { append, read: async () => ({ lines: [], next: '' }) };
    const other = openRig({ logs, logBytesMax: 100_000_000 });
    for (let i = 0; i < 3; i++) {
      texts.length = 0;
      await other.run(shell('seq 100000 400000'));
      expect(texts.length).toBe(300_001);
      expect(texts.every((text, n) => text === String(100_000 + n))).toBe(true);
    }
    await other.close();
  });
});

describe('the control channel', () => {
  test('takes beats, steps and requests, by number and by path', async () => {
    const line = `echo '{"step":"one","progress":0.5}' >&3; echo '{"spawn":{"key":"k","with":[1],"detached":true}}' >$TASK_CONTROL
      echo '{"log":"said"}' >>/dev/fd/3; echo nonsense >&3; sleep 0.3; printf '{"spawn":{"with":2}}' >&3`;
    const key = rig.start(shell(line));
    const { spawns } = await rig.ended(key);
    expect(rig.spawned).toContainEqual({ key: 'k', with: [1], detached: true });
    expect(spawns).toEqual([{ key: '1', with: 2 }]);
    expect(rig.beats.find((beat) => beat.key === key)).toMatchObject({
      step: 'one',
      progress: 0.5,
    });
    expect(rig.printed(key)).toEqual(['said']);
    expect(rig.printed(key, 'system')).toEqual(['not JSON on the control channel: nonsense']);
  });
});

describe('the end of a program', () => {
  test('a time limit ends it, and what it has started', async () => {
    const key = rig.start(shell('sleep 1000 & sleep 1000'), { limits: { runMs: 200 } });
    await until(() => rig.started.includes(key));
    const { outcome, error } = await rig.ended(key);
    expect({ outcome, error }).toEqual({
      outcome: 'failed',
      error: { reason: 'time-limit', message: 'ran longer than its limit of 200 ms' },
    });
    await until(() => processesWith(`.${key}\0`).length === 0);
  });

  test('silence longer than the heartbeat limit ends it; beats keep it', async () => {
    const limits = { heartbeatMs: 600 };
    const beat = shell('for i in 1 2 3 4 5 6; do echo \'{"beat":{}}\' >&3; sleep 0.2; done');
    const [alive, silent] = [
      rig.start(beat, { limits }),
      rig.start(shell('sleep 100'), { limits }),
    ];
    expect((await rig.ended(silent)).error?.reason).toBe('heartbeat');
    expect((await rig.ended(alive)).outcome).toBe('succeeded');
  });

  test('a cancel is TERM first: the program may clean up', async () => {
    const key = rig.start(
      shell('trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.02; done'),
    );
    await until(() => rig.printed(key).includes('up'));
    rig.executor.cancel([key, 999_999]);
    expect((await rig.ended(key)).outcome).toBe('cancelled');
    expect(rig.printed(key)).toEqual(['up', 'bye']);
  });

  test('who ignores TERM, or has left its group, is killed after the grace time', async () => {
    const line =
      'trap "" TERM; setsid sh -c "trap \\"\\" TERM; while :; do sleep 1; done" & echo up; while :; do sleep 1; done';
    const key = rig.start(shell(line), { limits: { graceMs: 200 } });
    await until(() => rig.printed(key).includes('up'));
    rig.executor.cancel([key]);
    expect((await rig.ended(key)).outcome).toBe('cancelled');
    await until(() => processesWith('trap "" TERM').length === 0);
  });

  test('what it leaves behind is killed when it ends, in its group or out of it', async () => {
    const line = 'sleep 4321 & setsid sleep 4321 >/dev/null 2>&1 3>&- & sleep 0.1; echo 1';
    expect((await rig.run(shell(line))).output).toBe(1);
    await until(() => processesWith('4321').length === 0);
  });

  test('its folder is gone, also one with files in it', async () => {
    const key = rig.start(shell('mkdir a; touch a/b; echo "\\"$TASK_DIR\\""'));
    const folder = (await rig.ended(key)).output as string;
    await until(() => !existsSync(folder));
  });
});

test('what it has used is measured', async () => {
  const code =
    'const a = Buffer.alloc(9e7, 1); const e = Date.now() + 400; while (Date.now() < e); console.log(a.length)';
  const result = await rig.run({ kind: 'command', argv: [process.execPath, '-e', code] });
  expect(result.output).toBe(90_000_000);
  expect(result.memoryMb).toBeGreaterThan(80);
  expect(result.cpuSeconds).toBeGreaterThan(0.1);
  expect(result.cpuSeconds).toBeLessThan(10);
  expect(result.endedAt - result.startedAt).toBeGreaterThanOrEqual(400);
});

test('when closed, nothing is left: no process, no folder', async () => {
  const other = openRig();
  const keys = [other.start(shell('sleep 1000')), other.start(shell('trap "" TERM; sleep 1000'))];
  await until(() => keys.every((key) => other.started.includes(key)));
  await other.executor.close();
  expect(other.results.map(({ outcome }) => outcome)).toEqual(['released', 'released']);
  expect(readdirSync(other.workFolder)).toEqual([]);
  expect(processesWith(other.workFolder)).toEqual([]);
  await other.close();
});
