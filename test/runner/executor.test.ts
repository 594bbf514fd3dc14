import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Run, Step } from '../../src/contract/workflow.ts';
import { killLeftovers } from '../../src/runner/leftovers.ts';
import {
  descendants,
  node,
  openRig,
  processesWith,
  python,
  type Rig,
  shell,
  sleep,
  until,
} from './rig.ts';

let rig: Rig;
beforeAll(() => {
  rig = openRig({ slots: 4 });
});
afterAll(() => rig.close());

const sequence = (...steps: (Run | Step)[]): Run => ({
  kind: 'sequence',
  steps: steps.map(asStep),
});
const tandem = (...steps: (Run | Step)[]): Run => ({ kind: 'tandem', steps: steps.map(asStep) });
const asStep = (step: Run | Step): Step => ('run' in step ? step : { run: step });

describe('a sequence', () => {
  test('hands on each output, through all kinds of steps', async () => {
    const run = sequence(shell('cat'), node('return input + 1'), python('return input * 2'), {
      kind: 'command',
      argv: ['cat'],
    });
    expect(await rig.run(run, {}, 20)).toMatchObject({ outcome: 'succeeded', output: 42 });
  });

  test('gives a step its own input where it has one', async () => {
    const run = sequence(shell('echo 1'), { run: shell('cat'), with: { own: true } });
    expect((await rig.run(run)).output).toEqual({ own: true });
  });

  test('has one folder for all its steps, gone at the end', async () => {
    const run = sequence(shell('echo 7 > a; echo "\\"$PWD\\""'), shell('cat a; echo "\\"$PWD\\""'));
    const key = rig.start(run);
    const folder = (await rig.ended(key)).output as string;
    expect(rig.printed(key)).toEqual([`"${folder}"`, '7', `"${folder}"`]);
    await until(() => !existsSync(folder));
  });

  test('ends with the first failure, and says which step it was', async () => {
    const run = sequence(shell('true'), { name: 'second', run: shell('exit 4') }, shell('echo no'));
    const key = rig.start(run);
    const { outcome, error } = await rig.ended(key);
    expect(outcome).toBe('failed');
    const message = 'step 2 (second): exit code 4';
    expect(error).toMatchObject({ reason: 'exit', exitCode: 4, message });
    expect(rig.printed(key)).toEqual([]);
  });

  test('is under one time limit', async () => {
    const run = sequence(shell('sleep 0.3'), shell('sleep 100'));
    const { error } = await rig.run(run, { limits: { runMs: 500 } });
    expect(error?.reason).toBe('time-limit');
  });

  test('is cancelled as one', async () => {
    const key = rig.start(sequence(shell('sleep 100'), shell('echo no')));
    await until(() => rig.started.includes(key));
    rig.executor.cancel([key]);
    expect((await rig.ended(key)).outcome).toBe('cancelled');
    expect(rig.printed(key)).toEqual([]);
  });
});

describe('a tandem', () => {
  test('gives the outputs in the order of its steps', async () => {
    const run = tandem(shell('sleep 0.2; echo 1'), node('return input'), python('return 3'));
    expect((await rig.run(run, {}, 2)).output).toEqual([1, 2, 3]);
  });

  test('runs side by side', async () => {
    const meet = (own: string, other: string) =>
      shell(`touch ${own}; until [ -e ${other} ]; do sleep 0.02; done; echo 1`);
    expect((await rig.run(tandem(meet('a', 'b'), meet('b', 'a')))).output).toEqual([1, 1]);
  });

  test('ends its other steps when one fails', async () => {
    const { error } = await rig.run(tandem(shell('sleep 1000'), shell('sleep 0.1; exit 9')));
    expect(error).toMatchObject({ exitCode: 9, message: 'step 2: exit code 9' });
  });

  test('may hold sequences, and a sequence tandems', async () => {
    const run = sequence(
      tandem(sequence(shell('echo 1'), node('return input + 1')), shell('echo 5')),
      shell('cat'),
    );
    expect((await rig.run(run)).output).toEqual([2, 5]);
  });

  test('may have more steps than there are slots', async () => {
    const steps = Array.from({ length: 9 }, (_, index) => node(`return ${index}`));
    expect((await rig.run(tandem(...steps))).output).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

test('a task of the kind none gives its input', async () => {
  expect(await rig.run({ kind: 'none' }, {}, [1])).toMatchObject({
    outcome: 'succeeded',
    output: [1],
  });
});

test('many small programs all end as they should', async () => {
  const codes = Array.from({ length: 200 }, (_, index) => index % 5);
  const keys = codes.map((code) => rig.start(shell(`echo ${code}; exit ${code}`)));
  const results = await Promise.all(keys.map((key) => rig.ended(key)));
  expect(results.map(({ output, error }) => error?.exitCode ?? output)).toEqual(codes);
});

describe('a drain', () => {
  test('lets finish what runs, hands back the rest, then kills', async () => {
    const other = openRig({ slots: 4, warmProcesses: 1 });
    const nap = (ms: number) => node(`await new Promise((r) => setTimeout(r, ${ms})); return 1`, 1);
    await other.run(nap(1));
    const quick = other.start(shell('sleep 0.5; echo 1'));
    const slow = other.start(shell('trap "" TERM; sleep 1000'));
    const call = other.start(nap(400));
    const waiting = other.start(nap(401));
    await until(() => other.started.includes(slow) && other.started.includes(call));
    const drained = other.executor.drain(2000);
    expect(other.executor.room({ run: shell('true') })).toBe(0);
    const late = other.start(shell('true'));
    await drained;
    const outcomes = [quick, slow, call, waiting, late].map(
      (key) => other.results.find((result) => result.key === key)?.outcome,
    );
    expect(outcomes).toEqual(['succeeded', 'released', 'succeeded', 'released', 'released']);
    const begun = other.results.filter(({ outcome, error }) => outcome === 'released' && error);
    expect(begun.map(({ key, error }) => [key, error?.reason])).toEqual([[slow, 'lost']]);
    await other.close();
  });

  test('of nothing is over at once', async () => {
    const other = openRig();
    await other.executor.drain(60_000);
    await other.close();
  });
});

describe('death', () => {
  test('of a launcher loses its attempts only, and leaves none of their processes', async () => {
    const other = openRig({ launchers: 1 });
    const before = descendants(process.pid);
    const key = other.start(shell('setsid sleep 7654 & sleep 7654'));
    await until(() => other.started.includes(key) && processesWith('7654').length >= 2);
    const launcher = descendants(process.pid).find(
      (pid) =>
        !before.includes(pid) &&
        readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('launcher'),
    );
    process.kill(launcher ?? 0, 'SIGKILL');
    expect(await other.ended(key)).toMatchObject({ outcome: 'failed', error: { reason: 'lost' } });
    await until(() => processesWith('7654').length === 0);
    expect((await other.run(shell('echo 1'))).output).toBe(1);
    await other.close();
  });

  const host = join(import.meta.dirname, 'host.ts');

  async function openHost(workFolder: string) {
    const child = spawn(process.execPath, [host, workFolder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    await until(() => text.includes('all started'));
    return child;
  }

  test('of the whole server leaves no process', async () => {
    const workFolder = mkdtempSync(join(tmpdir(), 'fanfold-host-'));
    const child = await openHost(workFolder);
    const mine = descendants(child.pid ?? 0);
    expect(mine.length).toBeGreaterThanOrEqual(5);
    child.kill('SIGKILL');
    await until(() => mine.every((pid) => !existsSync(`/proc/${pid}`) || isZombie(pid)));
    expect(processesWith(workFolder)).toEqual([]);
    await killLeftovers(workFolder);
    expect(readdirSync(workFolder)).toEqual([]);
    rmSync(workFolder, { recursive: true });
  });

  test('of the server and its launchers leaves what the next server kills', async () => {
    const workFolder = mkdtempSync(join(tmpdir(), 'fanfold-host-'));
    const child = await openHost(workFolder);
    const helpers = descendants(child.pid ?? 0).filter((pid) => {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      return line.includes('launcher') || line.includes('while read');
    });
    for (const pid of [...helpers, child.pid ?? 0]) process.kill(pid, 'SIGKILL');
    await sleep(100);
    expect(processesWith(workFolder).length).toBeGreaterThan(0);
    await killLeftovers(workFolder);
    await until(() => processesWith(workFolder).length === 0);
    expect(readdirSync(workFolder)).toEqual([]);
    rmSync(workFolder, { recursive: true });
  });

  test('of another server is not ours to clear up while it lives', async () => {
    const live = openRig();
    expect((await live.run(shell('echo 1'))).output).toBe(1);
    mkdirSync(join(live.workFolder, 'somebody-elses'));
    await killLeftovers(live.workFolder);
    expect((await live.run(shell('echo 2'))).output).toBe(2);
    expect(readdirSync(live.workFolder)).toContain('somebody-elses');
    await live.close();
  });
});

function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}
