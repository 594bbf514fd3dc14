import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '../../src/client/client.ts';
import type { ErrorPolicy, Run } from '../../src/contract/workflow.ts';
import { fanfold } from '../examples/cli.ts';
import { markedProcesses } from './processes.ts';
import { endOf, logTexts, node, python, runToEnd, runUntil, shell, workflowOf } from './runs.ts';
import { openPlace, type Place, type ServerProcess, serve } from './server.ts';

let place: Place;
let server: ServerProcess;
let client: Client;
beforeAll(async () => {
  place = openPlace();
  ({ server, client } = await serve(place, { slots: 8 }));
});
afterAll(async () => {
  server.kill('SIGTERM');
  expect((await server.exited).code).toBe(0);
  await place.remove();
});

const cli = (...args: string[]) =>
  fanfold([...args, '--url', client.url], { cwd: place.folder, env: place.env });
/** A file in the folder, by which a test tells a task to go on. */
const at = (name: string): string => join(place.folder, name);
const untilFile = (name: string): string => `until [ -e '${at(name)}' ]; do sleep 0.02; done`;
const open = (name: string): void => writeFileSync(at(name), '');
const commandsWith = (text: string): string[] =>
  markedProcesses(place.mark)
    .map(({ command }) => command)
    .filter((command) => command.includes(text));

async function untilNone(find: () => readonly unknown[]): Promise<void> {
  for (let tries = 0; tries < 200 && find().length > 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 25));
  expect(find()).toEqual([]);
}

async function until<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

describe('sub-tasks', () => {
  test('a Node task asks for one that asks for one, 50 deep', async () => {
    const code = 'if (input.n > 0) task.spawn({ with: { n: input.n - 1 } }); return input.n;';
    const view = await runToEnd(
      client,
      workflowOf({
        deep: { run: node(code), with: { n: 50 } },
        after: { needs: ['deep'], run: node('return 1;') },
      }),
    );
    expect(view.state).toBe('succeeded');
    expect(view.counts.succeeded).toBe(52);
  });

  test('a Python task asks for 200, and the next task waits for all', async () => {
    const code =
      'for n in range(200): task.spawn(run={"kind": "snippet", "language": "python", "code": "return input"}, input=n)';
    const view = await runToEnd(
      client,
      workflowOf({
        wide: { run: python(code) },
        after: { needs: ['wide'], run: node('return 1;') },
      }),
    );
    expect(view.state).toBe('succeeded');
    expect(view.counts.succeeded).toBe(202);
  });

  test('a shell task asks for them on its control channel', async () => {
    const line = [
      'for n in 1 2 3; do',
      `echo '{"spawn":{"key":"'$n'","with":'$n',"run":{"kind":"shell","line":"cat"}}}' >&3;`,
      'done',
    ].join(' ');
    const view = await runToEnd(client, workflowOf({ parent: { run: shell(line) } }));
    expect(view.state).toBe('succeeded');
    const { items } = await client.tasks(view.id, {});
    const children = items.filter(({ parent }) => parent === 'parent').map(({ id }) => id);
    expect(children).toHaveLength(3);
    const outputs = await Promise.all(children.map((id) => client.task(view.id, id)));
    expect(outputs.map(({ output }) => output).sort()).toEqual([1, 2, 3]);
  });

  test('their signs of life roll up to the task that asked for them', async () => {
    const child = `echo '{"step":"packing","progress":0.5}' >&3; ${untilFile('rolled-up')}`;
    const made = `task.spawn({ key: 'one', run: { kind: 'shell', line: input.child } });`;
    const { run } = await client.submit({
      workflow: workflowOf({ parent: { run: node(made), with: { child } } }),
    });
    const task = await until(
      () => client.task(run.id, 'parent'),
      ({ subTasks }) => subTasks?.last?.step !== undefined,
    );
    expect(task.subTasks).toMatchObject({
      counts: { running: 1, succeeded: 0 },
      last: { step: 'packing', progress: 0.5 },
    });
    const { stdout } = await cli('show', run.id, 'parent');
    expect(stdout).toMatch(/ below {4}0\/1 sub-tasks done {2}1 running\n/);
    expect(stdout).toMatch(/ last .* at step packing since .*50 %\n/);
    open('rolled-up');
    expect((await endOf(client, run.id)).state).toBe('succeeded');
    expect((await client.task(run.id, 'parent')).subTasks).toMatchObject({
      counts: { succeeded: 1 },
    });
  });

  test('a sub-task that fails makes its parent fail, which tells why', async () => {
    const code = 'task.spawn({ key: "bad", run: { kind: "shell", line: "exit 4" } });';
    const view = await runToEnd(client, workflowOf({ parent: { run: node(code) } }));
    expect(view.state).toBe('failed');
    expect(view.failures.map(({ error }) => error.reason).sort()).toEqual(['children', 'exit']);
    expect((await client.task(view.id, 'parent')).error?.reason).toBe('children');
  });
});

test.each([
  ['program', shell('echo \'{"step":"loading","progress":0.25}\' >&3; TOUCH')],
  ['call', node("task.progress('loading', 0.25); await WAIT;")],
] as const)('a %s at a step is seen at it, with since when', async (kind, run) => {
  const wait = `(async () => { const { existsSync } = await import('node:fs'); while (!existsSync('${at(`${kind}-go`)}')) await new Promise((done) => setTimeout(done, 20)); })()`;
  const text = JSON.stringify(run).replace('TOUCH', untilFile(`${kind}-go`));
  const given = JSON.parse(text) as Run;
  const whole = 'code' in given ? { ...given, code: given.code.replace('WAIT', wait) } : given;
  const { run: started } = await client.submit({ workflow: workflowOf({ slow: { run: whole } }) });
  const view = await runUntil(client, started.id, ({ running }) => running[0]?.step !== undefined);
  expect(view.running).toMatchObject([
    { task: 'slow', attempt: 1, step: 'loading', progress: 0.25, stepAt: expect.any(Number) },
  ]);
  expect((await cli('show', started.id)).stdout).toMatch(/slow .*at step loading since .*25 %/);
  expect((await client.task(started.id, 'slow')).step).toBe('loading');
  open(`${kind}-go`);
  expect((await endOf(client, started.id)).state).toBe('succeeded');
});

describe('time limits', () => {
  test.each([
    ['runMs', { runMs: 200, graceMs: 100 }, 'time-limit'],
    ['heartbeatMs', { heartbeatMs: 200, graceMs: 100 }, 'heartbeat'],
  ] as const)('%s ends an attempt', async (_, limits, reason) => {
    const view = await runToEnd(
      client,
      workflowOf({
        program: { run: shell('sleep 600'), limits },
        call: { run: node('await new Promise((done) => setTimeout(done, 600000));'), limits },
        frozen: { run: node('for (;;);'), limits },
      }),
    );
    expect(view.failures.map(({ error }) => error.reason)).toEqual([reason, reason, reason]);
  });

  test('signs of life keep an attempt alive beyond its heartbeat limit', async () => {
    const line = 'for n in 1 2 3 4 5 6; do echo \'{"beat":{}}\' >&3; sleep 0.2; done; echo 1';
    const view = await runToEnd(
      client,
      workflowOf({ alive: { run: shell(line), limits: { heartbeatMs: 900 } } }),
    );
    expect(view.state).toBe('succeeded');
  });

  test('queueMs ends what waits too long for a slot', async () => {
    const blockers = Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [`b${i}`, { run: shell(untilFile('queue-go')) }]),
    );
    const busy = await client.submit({ workflow: workflowOf(blockers) });
    await runUntil(client, busy.run.id, ({ running }) => running.length === 8);
    const { run } = await client.submit({
      workflow: workflowOf({ late: { run: shell('echo 1'), limits: { queueMs: 100 } } }),
    });
    await client.end(run.id, 300);
    open('queue-go');
    const view = await endOf(client, run.id);
    expect(view.failures).toMatchObject([{ task: 'late', error: { reason: 'queue-limit' } }]);
    expect((await endOf(client, busy.run.id)).state).toBe('succeeded');
  });

  test('the whole run ends in time, and the command line says so by its exit code', async () => {
    writeFileSync(
      at('timeout.yaml'),
      'name: t\ntimeout: 500ms\ntasks: { a: { run: sleep 600 } }\n',
    );
    const { code, stdout } = await cli('run', at('timeout.yaml'));
    expect(code).toBe(124);
    expect(stdout).toMatch(/reason: time-limit/);
    await untilNone(() => commandsWith('sleep 600'));
  });
});

test('retries follow the exit code and the name of the error', async () => {
  const policies: ErrorPolicy[] = [
    { match: { exitCodes: [2] }, action: 'fail' },
    { match: { errors: ['Value*'] }, action: 'retry', attemptsMax: 4 },
  ];
  const retry = { attemptsMax: 3, backoff: { delayMsMin: 1, delayMsMax: 5 }, policies };
  const view = await runToEnd(
    client,
    workflowOf({
      code2: { run: shell('exit 2'), retry },
      code3: { run: shell('exit 3'), retry },
      named: { run: python('raise ValueError("no such row")'), retry },
      other: { run: python('raise KeyError("k")'), retry },
      heals: {
        run: node('if (task.attempt < 3) throw new Error("busy"); return task.attempt;'),
        retry,
      },
    }),
  );
  const attempts = Object.fromEntries(view.failures.map(({ task, attempt }) => [task, attempt]));
  expect(attempts).toEqual({ code2: 1, code3: 3, named: 4, other: 3 });
  expect(view.outputs).toEqual({ heals: 3 });
  const { attempts: tries } = await client.task(view.id, 'named');
  expect(tries?.map(({ error }) => error?.name)).toEqual(Array(4).fill('ValueError'));
});

test('each delivery runs, and at-most-once is never tried again', async () => {
  const retry = { attemptsMax: 5, backoff: { delayMsMin: 1 } };
  const view = await runToEnd(
    client,
    workflowOf({
      most: { run: shell('exit 1'), delivery: 'at-most-once' },
      least: { run: shell('echo 1'), delivery: 'at-least-once', retry },
      claimed: { run: node('if (task.attempt < 2) throw new Error("x"); return 2;'), retry },
    }),
  );
  expect(view.failures).toMatchObject([{ task: 'most', attempt: 1 }]);
  expect(view.outputs).toEqual({ least: 1, claimed: 2 });
});

test('steps pass their outputs on, or run side by side in one folder', async () => {
  const view = await runToEnd(
    client,
    workflowOf({
      sequence: {
        with: { n: 20 },
        run: {
          kind: 'sequence',
          steps: [
            { run: node('return input.n + 1;') },
            { run: python('return input * 2') },
            { run: shell('cat') },
          ],
        },
      },
      tandem: {
        run: {
          kind: 'tandem',
          steps: [
            { run: shell('until [ -e met ]; do sleep 0.02; done; echo 1') },
            { run: shell('touch met; echo 2') },
          ],
        },
      },
    }),
  );
  expect(view.outputs).toEqual({ sequence: 42, tandem: [1, 2] });
});

test('a cancel ends all processes of a task, and what was to follow', async () => {
  const { run } = await client.submit({
    workflow: workflowOf({
      tree: { run: shell('sleep 4322 & (sleep 4322 & wait) & wait'), limits: { graceMs: 100 } },
      next: { needs: ['tree'], run: shell('echo 1') },
      tidy: { needs: ['next'], rule: 'always', run: shell('echo 3') },
    }),
  });
  for (; commandsWith('sleep 4322').length < 2; )
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await cli('cancel', run.id, '--reason', 'enough')).code).toBe(0);
  const view = await endOf(client, run.id);
  expect(view).toMatchObject({ state: 'cancelled', reason: 'enough', outputs: { tidy: 3 } });
  expect(view.counts).toMatchObject({ succeeded: 1, cancelled: 2 });
  await untilNone(() => commandsWith('sleep 4322'));
});

test('a paused run starts nothing more until it is resumed', async () => {
  const { run } = await client.submit({
    workflow: workflowOf({
      first: { run: shell(`${untilFile('pause-go')}; echo 1`) },
      second: { needs: ['first'], run: shell('echo 2') },
    }),
  });
  await runUntil(client, run.id, ({ running }) => running.length === 1);
  expect((await cli('pause', run.id)).code).toBe(0);
  open('pause-go');
  const paused = await runUntil(client, run.id, ({ counts }) => counts.succeeded === 1);
  expect(paused.state).toBe('paused');
  await client.end(run.id, 300);
  expect((await client.run(run.id)).counts.succeeded).toBe(1);
  expect((await cli('resume', run.id)).code).toBe(0);
  expect(await endOf(client, run.id)).toMatchObject({ state: 'succeeded', outputs: { second: 2 } });
});

test('a rerun does again what failed and what needs it, and nothing else', async () => {
  const started = at('started');
  const note = (name: string, line: string): Run => shell(`echo ${name} >> '${started}'; ${line}`);
  const { run } = await client.submit({
    workflow: workflowOf({
      good: { run: note('good', 'echo 1') },
      bad: { needs: ['good'], run: note('bad', `[ -e '${at('fixed')}' ] && echo 2`) },
      last: { needs: ['bad'], run: note('last', 'echo 3') },
    }),
  });
  const failed = await endOf(client, run.id);
  expect(failed).toMatchObject({
    state: 'failed',
    counts: { succeeded: 1, failed: 1, skipped: 1 },
  });
  open('fixed');
  expect((await cli('rerun', run.id)).code).toBe(0);
  const view = await endOf(client, run.id);
  expect(view).toMatchObject({ state: 'succeeded', generation: 2, outputs: { last: 3 } });
  expect(readFileSync(started, 'utf8').trim().split('\n')).toEqual(['good', 'bad', 'bad', 'last']);
});

test('logs are followed until the run has ended', async () => {
  const { run } = await client.submit({
    workflow: workflowOf({
      talks: { run: shell(`echo one; ${untilFile('logs-go')}; echo two >&2; echo 3`) },
    }),
  });
  const following = cli('logs', run.id, '--follow');
  while ((await logTexts(client, run.id)).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  open('logs-go');
  const { code, stdout } = await following;
  expect(code).toBe(0);
  expect(stdout.match(/one|two|3$/gm)).toEqual(['one', 'two', '3']);
});

test('a task that may fail does not fail its run', async () => {
  const view = await runToEnd(
    client,
    workflowOf({
      primary: { run: shell('exit 1'), mayFail: true },
      mirror: { run: shell('echo 2') },
      merge: { needs: ['mirror', 'primary'], rule: 'any-succeeded', run: shell('echo 3') },
    }),
  );
  expect(view).toMatchObject({ state: 'succeeded', counts: { failed: 1, succeeded: 2 } });
});

test('attempts tell what they used of processor and memory', async () => {
  const busy =
    'x = bytearray(60_000_000)\nimport time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass';
  writeFileSync(at('busy.py'), busy);
  const view = await runToEnd(
    client,
    workflowOf({
      program: { run: { kind: 'script', language: 'python', path: 'busy.py' } },
      call: { run: python(busy) },
    }),
    { code: { folder: place.folder } },
  );
  expect(view.state).toBe('succeeded');
  for (const id of ['program', 'call']) {
    const [attempt] = (await client.task(view.id, id)).attempts ?? [];
    expect(attempt?.cpuSeconds).toBeGreaterThan(0.3);
    expect(attempt?.memoryMb).toBeGreaterThan(50);
  }
  expect((await cli('show', view.id, 'program')).stdout).toMatch(/cpu [\d.]+ s {2}memory \d+ MB/);
});

test('what a dead runner held is tried again, or fails where the task says so', async () => {
  const here = openPlace();
  const first = await serve(here);
  const line = `touch "$TASK_ID"; [ "$TASK_ATTEMPT" = 1 ] && sleep 600; echo $TASK_ATTEMPT`;
  const workflow = workflowOf({
    again: { run: shell(line) },
    fails: { run: shell(line), onLost: 'fail' },
    once: { run: shell(line), delivery: 'at-most-once' },
  });
  const { run } = await first.client.submit({ workflow, code: { folder: here.folder } });
  await runUntil(first.client, run.id, () =>
    ['again', 'fails', 'once'].every((name) => existsSync(join(here.folder, name))),
  );
  first.server.kill('SIGKILL');
  await first.server.exited;
  const { client: own } = await serve(here);
  const view = await endOf(own, run.id);
  expect(view).toMatchObject({ state: 'failed', outputs: { again: 2 } });
  expect(view.failures.map(({ task, error }) => [task, error.reason])).toEqual([
    ['fails', 'lost'],
    ['once', 'lost'],
  ]);
  const { attempts = [] } = await own.task(run.id, 'again');
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
  await here.remove();
});
