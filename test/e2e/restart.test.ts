import { existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import type { Run } from '../../src/contract/workflow.ts';
import { fanfold } from '../examples/cli.ts';
import { crashCampaign } from './crash/campaign.ts';
import { markedProcessesAfter } from './processes.ts';
import { openPlace, type Place, serve } from './server.ts';

const places: Place[] = [];
const place = (): Place => {
  const made = openPlace();
  places.push(made);
  return made;
};
afterEach(async () => {
  for (const one of places.splice(0)) await one.remove();
});

const workflowOf = (name: string, run: Run) => ({ name, tasks: [{ id: 'only', run }] });
const sleeping = (ms: number) =>
  workflowOf('sleep', {
    kind: 'snippet',
    language: 'node',
    code: `await new Promise((done) => setTimeout(done, ${ms})); return 1;`,
    concurrency: 100,
  });

test('a server that is killed again and again finishes all that it accepted, each task once', async () => {
  const { wrong, ...numbers } = await crashCampaign({
    place: place(),
    cycles: 15,
    seed: 7,
    lifeMsMax: 1_500,
    pauseMs: 60,
  });
  expect(wrong).toEqual([]);
  expect(numbers.exitCode).toBe(0);
  expect(numbers.accepted).toBeGreaterThan(20);
});

test('TERM under load: the server ends in order, and the next one finishes the rest', async () => {
  const here = place();
  const { server, client } = await serve(here, { slots: 8 });
  const { ids } = await client.submitMany({
    workflow: sleeping(300),
    runs: Array.from({ length: 30 }, () => ({})),
  });
  // Far longer than a server may take to leave: it is handed back, and made again by the next one.
  const long = workflowOf('long', {
    kind: 'shell',
    line: '[ -e done ] || { touch done; sleep 600; }; echo 7',
  });
  const code = { folder: here.folder };
  const { run } = await client.submit({ workflow: long, code });
  while ((await client.run(run.id)).running.length === 0) await client.end(run.id, 100);
  server.kill('SIGTERM');
  expect(await server.exited).toEqual({ code: 0, signal: null });
  expect(await markedProcessesAfter(here.mark, 5_000)).toEqual([]);
  const next = await serve(here, { slots: 8 });
  for (const id of [...ids, run.id])
    expect((await next.client.end(id, 240_000)).state).toBe('succeeded');
  expect((await next.client.run(run.id)).outputs).toEqual({ only: 7 });
  next.server.kill('SIGTERM');
  expect((await next.server.exited).code).toBe(0);
});

test('TERM at work: what may not begin twice fails, the rest is begun again by the next server', async () => {
  const here = place();
  const { server, client } = await serve(here);
  const line = 'echo x >> "$TASK_ID"; [ "$TASK_ATTEMPT" = 1 ] && sleep 600; echo $TASK_ATTEMPT';
  const run: Run = { kind: 'shell', line };
  const tasks = [
    { id: 'again', run },
    { id: 'fails', run, onLost: 'fail' as const },
    { id: 'once', run, delivery: 'at-most-once' as const },
  ];
  const names = tasks.map(({ id }) => id);
  const code = { folder: here.folder };
  const { run: view } = await client.submit({ workflow: { name: 'drained', tasks }, code });
  while (!names.every((id) => existsSync(join(here.folder, id)))) await client.end(view.id, 100);
  server.kill('SIGTERM');
  expect((await server.exited).code).toBe(0);
  const next = await serve(here);
  await next.client.end(view.id, 240_000);
  const ended = await next.client.run(view.id);
  expect(ended).toMatchObject({ state: 'failed', outputs: { again: 2 } });
  expect(ended.failures.map(({ task, error }) => [task, error.reason])).toEqual([
    ['fails', 'lost'],
    ['once', 'lost'],
  ]);
  const begun = names.map((id) => readFileSync(join(here.folder, id), 'utf8').length / 2);
  expect(begun).toEqual([2, 1, 1]);
  const { items } = await next.client.events(view.id, {});
  expect(items.filter(({ task }) => task === 'once').at(-1)?.event).toBe('failure');
  next.server.kill('SIGTERM');
  await next.server.exited;
});

test('a second server on the folder is refused and names the first, which goes on', async () => {
  const here = place();
  const { server, client } = await serve(here);
  const options = { cwd: here.folder, env: here.env };
  const second = await fanfold(['serve', '--data', here.data, '--port', '0'], options);
  expect(second.code).toBe(1);
  expect(second.stderr.trim().split('\n')).toHaveLength(1);
  expect(second.stderr).toMatch(/held by the server at http/);
  const { run } = await client.submit({ workflow: sleeping(1) });
  expect((await client.end(run.id, 240_000)).state).toBe('succeeded');
  server.kill('SIGKILL');
  await server.exited;
  const third = await serve(here);
  expect((await third.client.run(run.id)).state).toBe('succeeded');
});

test('a folder that a server without an API holds is refused as well', async () => {
  const here = place();
  const { server } = await serve(here);
  // As if the server had not announced itself.
  writeFileSync(join(here.data, 'server.json'), '{}');
  const options = { cwd: here.folder, env: here.env };
  const second = await fanfold(['ls', '--data', here.data, '--json'], options);
  expect(second.code).toBe(1);
  expect(JSON.parse(second.stdout)).toMatchObject({
    problem: { code: 'data-in-use', message: expect.stringContaining(`process ${server.pid}`) },
  });
});

test('data of a newer version are refused, and left as they are', async () => {
  const here = place();
  const { server, client } = await serve(here);
  await client.submit({ workflow: sleeping(1) });
  server.kill('SIGTERM');
  await server.exited;
  const file = join(here.data, 'fanfold.sqlite');
  const handle = openSync(file, 'r+');
  // The format is SQLite's user version, big-endian at byte 60.
  writeSync(handle, Buffer.from([0, 0, 0, 99]), 0, 4, 60);
  const before = readFileSync(file);
  const options = { cwd: here.folder, env: here.env };
  const newer = await fanfold(['serve', '--data', here.data, '--json'], options);
  expect(newer.code).toBe(1);
  expect(JSON.parse(newer.stdout)).toMatchObject({ problem: { code: 'data-newer' } });
  expect(newer.stderr).toMatch(/newer Fanfold \(format 99/);
  expect(readFileSync(file).equals(before)).toBe(true);
});
