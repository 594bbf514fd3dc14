import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '../../src/client/client.ts';
import { ownHeaders } from '../../src/client/server-token.ts';
import { type Ended, fanfold } from '../examples/cli.ts';
import { markedProcessesAfter } from './processes.ts';
import { endOf, logTexts, node, python, runToEnd, runUntil, shell, workflowOf } from './runs.ts';
import { openPlace, type Place, type ServerProcess, serve } from './server.ts';

/**
 * Goal: whatever is wrong ends in one clear error, or a failed task with its reason, and nothing else is lost.
 * Method: the real command line and server. Each test ends with a run that goes well on the same server.
 */
let place: Place;
let server: ServerProcess;
let client: Client;
let url: string;

beforeAll(async () => {
  place = openPlace();
  ({ server, client } = await serve(place, { slots: 4 }));
  url = client.url;
});
afterAll(async () => {
  server.kill('SIGTERM');
  await server.exited;
  await place.remove();
});

const goesWell = workflowOf({ fine: { run: node('return 42;') } });
async function expectAllWell(with_: Client = client): Promise<void> {
  expect(await runToEnd(with_, goesWell)).toMatchObject({
    state: 'succeeded',
    outputs: { fine: 42 },
  });
}

const cli = (...args: string[]): Promise<Ended> =>
  fanfold([...args], { cwd: place.folder, env: place.env });

/** One headline, then at most a few places; never a stack. */
function expectClear({ code, stdout, stderr }: Ended, words: RegExp): void {
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(words);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr.split('\n').length).toBeLessThan(30);
}

const cycleOf = (length: number) => ({
  name: 'cycle',
  tasks: Array.from({ length }, (_, i) => ({
    id: `t${i}`,
    needs: [`t${(i + 1) % length}`],
    run: { kind: 'none' },
  })),
});

const aliases = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...Array.from({ length: 12 }, (_, i) => {
    const [name, of] = [String.fromCharCode(98 + i), String.fromCharCode(97 + i)];
    return `${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]`;
  }),
].join('\n');

const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;

describe('a workflow file that is no workflow', () => {
  test.each([
    ['broken YAML', 'name: [x\ntasks: }', /w\.yaml:\d+:\d+/],
    [
      'a cycle',
      'name: x\ntasks:\n  a: { needs: b, run: x }\n  b: { needs: a, run: x }',
      /a.*b|b.*a/,
    ],
    [
      'names with control characters',
      'name: "x\\u0007"\ntasks: { "a\\u001b[2J": { run: x } }',
      /name/,
    ],
    ['a depth bomb', `name: x\ntasks: { a: { run: x, with: ${deep} } }`, /deep|nest/],
    ['an alias bomb', `${aliases}\nname: x\ntasks: { a: { run: x } }`, /alias|anchor|unknown/],
    ['50 MB', `name: x\ntasks: { a: { run: "${'x'.repeat(50_000_000)}" } }`, /large|MB/],
    ['bytes that are no text', '\u0000\u0001\u0002', /w\.yaml/],
    ['nothing', '', /w\.yaml/],
  ])(
    '%s is refused by the command line and by the API, in one clear error',
    async (_, text, words) => {
      const path = join(place.folder, 'w.yaml');
      writeFileSync(path, text);
      expectClear(await cli('run', path, '--url', url), words);
      const answer = await fetch(`${url}/v1/workflows:lint`, {
        method: 'POST',
        headers: ownHeaders(url),
        body: text,
      });
      const said = await answer.text();
      expect(answer.status).toBe(200);
      expect(JSON.parse(said)).toMatchObject({ valid: false });
      expect(said.length).toBeLessThan(100_000);
      await expectAllWell();
    },
  );

  test('a cycle of a million tasks is refused by the API', async () => {
    const answer = await fetch(`${url}/v1/runs`, {
      method: 'POST',
      headers: { ...ownHeaders(url), 'content-type': 'application/json' },
      body: JSON.stringify({ workflow: cycleOf(1_000_000) }),
    });
    expect(answer.status).toBe(422);
    const said = await answer.text();
    expect(JSON.parse(said)).toMatchObject({ code: 'workflow-invalid' });
    expect(said.length).toBeLessThan(100_000);
    await expectAllWell();
  });
});

describe('a task that behaves badly', () => {
  test('output that is no UTF-8 is kept as what can be read of it', async () => {
    const view = await runToEnd(
      client,
      workflowOf({ bytes: { run: shell("printf 'a\\377\\376b\\n\\033[2Jc\\000d\\n'; echo 5") } }),
    );
    expect(view).toMatchObject({ state: 'succeeded', outputs: { bytes: 5 } });
    const texts = await logTexts(client, view.id);
    expect(texts).toHaveLength(3);
    expect(texts[0]).toMatch(/^a.*b$/);
    expect([...texts.join('')].filter((letter) => letter < ' ' && letter !== '\t')).toEqual([]);
  });

  test('output of a gigabyte is cut, and said to be', async () => {
    const line = 'head -c 1000000000 /dev/zero | tr "\\0" a; echo; echo 5';
    const view = await runToEnd(client, workflowOf({ loud: { run: shell(line) } }));
    expect(view).toMatchObject({ state: 'succeeded', outputs: { loud: 5 } });
    const texts = await logTexts(client, view.id);
    expect(texts.join('').length).toBeLessThan(20_000_000);
    expect(texts.join('\n')).toMatch(/cut|dropped/);
    await expectAllWell();
  });

  test('a gigabyte in lines is dropped beyond the limit, and counted', async () => {
    const view = await runToEnd(
      client,
      workflowOf({ loud: { run: shell('yes 0123456789 | head -c 1000000000; echo; echo 5') } }),
    );
    expect(view).toMatchObject({ state: 'succeeded', outputs: { loud: 5 } });
    const texts = await logTexts(client, view.id);
    expect(texts.at(-1)).toMatch(/^\d+ bytes of output dropped$/);
    await expectAllWell();
  });

  test('one that forks and ignores TERM is killed with all it has started', async () => {
    const line = "trap '' TERM; (setsid sleep 4321 &); sleep 4321 & while :; do sleep 1; done";
    const view = await runToEnd(
      client,
      workflowOf({ stubborn: { run: shell(line), limits: { runMs: 300, graceMs: 200 } } }),
    );
    expect(view.failures).toMatchObject([{ task: 'stubborn', error: { reason: 'time-limit' } }]);
    const left = async () =>
      (await markedProcessesAfter(place.mark, 0)).filter(({ command }) => /4321/.test(command));
    for (let tries = 0; tries < 100 && (await left()).length > 0; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await left()).toEqual([]);
    await expectAllWell();
  });

  test('a program, a script or a folder that is missing is named', async () => {
    const code = { folder: join(place.folder, 'nowhere') };
    const one = await runToEnd(
      client,
      workflowOf({
        program: { run: { kind: 'command', argv: ['no-such-program-here'] } },
        script: { run: { kind: 'script', language: 'python', path: '/no/such.py' } },
      }),
    );
    expect(one.failures.map(({ error }) => error)).toEqual([
      expect.objectContaining({
        reason: 'start',
        message: expect.stringContaining('no-such-program-here'),
      }),
      expect.objectContaining({ reason: 'start', message: expect.stringContaining('/no/such.py') }),
    ]);
    const two = await runToEnd(client, workflowOf({ a: { run: shell('true') } }), { code });
    expect(two.failures).toMatchObject([
      { error: { message: expect.stringContaining('nowhere') } },
    ]);
    await expectAllWell();
  });

  test('a memory hog, a crash and an exit within a call fail that task alone', async () => {
    const view = await runToEnd(
      client,
      workflowOf({
        exits: { run: node('process.exit(3);') },
        killed: { run: node('process.kill(process.pid, "SIGKILL"); await new Promise(() => {});') },
        python: { run: python('import os; os.abort()') },
        fine: { run: node('return 1;') },
      }),
    );
    expect(view.state).toBe('failed');
    expect(view.outputs).toEqual({ fine: 1 });
    expect(view.failures.map(({ task }) => task).sort()).toEqual(['exits', 'killed', 'python']);
  });
});

test('a missing interpreter fails the tasks that need it, and no others', async () => {
  const here = openPlace();
  const bare = join(here.folder, 'bin');
  mkdirSync(bare);
  for (const program of ['sh', 'env']) symlinkSync(`/bin/${program}`, join(bare, program));
  const { client: own } = await serve(here, { env: { PATH: `${bare}:${here.mark}` } });
  const view = await runToEnd(own, workflowOf({ snake: { run: python('return 1') } }));
  expect(view.failures).toMatchObject([
    { error: { reason: 'start', message: expect.stringContaining('python3') } },
  ]);
  await expectAllWell(own);
  await here.remove();
});

describe('damaged data', () => {
  const large = workflowOf({
    make: { run: node('return "x".repeat(100_000) + input.n;'), with: { n: '${{ input.n }}' } },
    use: {
      needs: ['make'],
      run: node('return input.x.length;'),
      with: { x: '${{ tasks.make.output }}' },
    },
  });

  test('a flipped bit in a blob is found and named, and the rest is served', async () => {
    const here = openPlace();
    const first = await serve(here);
    const view = await runToEnd(first.client, large, { input: { n: 1 } });
    expect(view.state).toBe('succeeded');
    first.server.kill('SIGTERM');
    await first.server.exited;
    const blobs = filesIn(join(here.data, 'blobs')).filter(
      (path) => readFileSync(path).length > 50_000,
    );
    expect(blobs).toHaveLength(1);
    const [blob = ''] = blobs;
    const bytes = readFileSync(blob);
    bytes[5000] = (bytes[5000] ?? 0) ^ 4;
    writeFileSync(blob, bytes);
    const next = await serve(here);
    expect(await next.client.run(view.id)).toMatchObject({
      state: 'succeeded',
      outputs: { use: 100_001 },
    });
    await expect(next.client.task(view.id, 'make')).rejects.toMatchObject({ code: 'data-damaged' });
    await expectAllWell(next.client);
    await here.remove();
  });

  test('a truncated data file is refused and named', async () => {
    const here = openPlace();
    const first = await serve(here);
    for (let n = 0; n < 20; n++) await runToEnd(first.client, large, { input: { n } });
    first.server.kill('SIGTERM');
    await first.server.exited;
    const file = join(here.data, 'fanfold.sqlite');
    truncateSync(file, readFileSync(file).length - 10_000);
    const ended = await fanfold(['serve', '--data', here.data, '--json'], {
      cwd: here.folder,
      env: here.env,
    });
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      problem: {
        code: 'data-damaged',
        message: expect.stringMatching(/fanfold\.sqlite.*Nothing in it can be served/),
      },
    });
    await here.remove();
  });
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** A small disk of our own, or undefined where we may not have one. */
function smallDisk(folder: string): (() => void) | undefined {
  mkdirSync(folder);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder]);
  return mounted.status === 0 ? () => void spawnSync('umount', ['-l', folder]) : undefined;
}

test('a full disk refuses submits, keeps what was accepted, and goes on by itself', async () => {
  const here = openPlace();
  const disk = join(here.folder, 'disk');
  const unmount = smallDisk(disk);
  if (unmount === undefined) {
    process.stderr.write('full disk: not tried, since this user may not mount one\n');
    return here.remove();
  }
  try {
    const { client: own, server: full } = await serve(here, { data: join(disk, 'data'), slots: 2 });
    const gate = join(here.folder, 'gate');
    const waits = workflowOf({
      wait: { run: shell(`until [ -e '${gate}' ]; do sleep 0.05; done; echo 7`) },
      after: {
        needs: ['wait'],
        run: node('return input.x + 1;'),
        with: { x: '${{ tasks.wait.output }}' },
      },
    });
    const { run } = await own.submit({ workflow: waits });
    await runUntil(own, run.id, ({ running }) => running.length > 0);
    const ballast = join(disk, 'ballast');
    fillUp(ballast);
    const accepted: string[] = [];
    let refusal: unknown;
    for (let n = 0; refusal === undefined && n < 500; n++) {
      try {
        const input = { text: `${n}`.repeat(8_000) };
        accepted.push((await own.submit({ workflow: goesWell, input })).run.id);
      } catch (error) {
        refusal = error;
      }
    }
    expect(refusal).toMatchObject({ code: 'disk-full' });
    writeFileSync(gate, '');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    truncateSync(ballast, 0);
    expect(await endOf(own, run.id)).toMatchObject({ state: 'succeeded', outputs: { after: 8 } });
    for (const id of accepted) expect((await endOf(own, id)).state).toBe('succeeded');
    await expectAllWell(own);
    full.kill('SIGTERM');
    expect((await full.exited).code).toBe(0);
  } finally {
    await here.remove().catch(() => undefined);
    unmount();
    await here.remove();
  }
});

function fillUp(path: string): void {
  const chunk = Buffer.alloc(64 * 1024, 1);
  for (let n = 0; n < 1_000; n++) {
    try {
      writeFileSync(path, chunk, { flag: 'a' });
    } catch {
      return;
    }
  }
}
