/** The contract of `/api/v1`: every call that the requirement documents name, on a real server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Embedded, startEmbedded } from '../../src/embedded/index.ts';
import { PASSWORD } from '../support/access.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-named-'));
let server: Embedded;
let accessToken = '';

type Body = Record<string, unknown>;

async function call(method: string, path: string, body?: Body, headers: Body = {}) {
  const sent: Record<string, string> = { connection: 'close', ...(headers as object) };
  if (body !== undefined) sent['content-type'] = 'application/json';
  const init = { method, headers: sent, ...(body && { body: JSON.stringify(body) }) };
  const answer = await fetch(`${server.url}${path}`, init);
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Body,
  };
}

const bearer = () => ({ authorization: `Bearer ${accessToken}` });
const ask = (method: string, path: string, body?: Body) => call(method, path, body, bearer());
const create = (body: Body) => ask('POST', '/api/v1/task/create', body);
const show = async (task: string) => (await ask('GET', `/api/v1/task/${task}`)).body;

interface Told {
  readonly executions: readonly { readonly jobId: string; readonly status: string }[];
  readonly scheduled: readonly { readonly jobId: string; readonly dateTime: string }[];
}

async function ended(task: string): Promise<Body & Told> {
  const told = (await show(task)) as Body & Told;
  const [newest] = told.executions;
  if (newest === undefined) throw new Error(`${task} has no job`);
  const query = `/v1/runs/${newest.jobId}?wait=20`;
  for (let state: unknown = 'running'; state === 'running' || state === 'paused'; )
    ({ state } = (await ask('GET', query)).body);
  return (await show(task)) as Body & Told;
}

beforeAll(async () => {
  server = await startEmbedded({ dataFolder: folder, port: 0, slots: 2 });
  const owner = { authorization: `Bearer ${server.token}` };
  for (const [name, role] of [
    ['ada', 'author'],
    ['eve', 'viewer'],
  ])
    await call('PUT', `/v1/users/${name}`, { password: PASSWORD, roles: { main: role } }, owner);
  const login = { userName: 'ada', password: PASSWORD };
  accessToken = (await call('POST', '/api/v1/user/login', login)).body.accessToken as string;
});
afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

describe('login', () => {
  test('answers with its status and both tokens, for a userName or an email', async () => {
    const password = PASSWORD;
    const byName = await call('POST', '/api/v1/user/login', { userName: 'ada', password });
    expect(byName).toMatchObject({
      status: 200,
      body: {
        status: 'success',
        accessToken: expect.any(String),
        refreshToken: expect.any(String),
      },
    });
    expect((await call('POST', '/api/v1/user/login', { email: 'ada', password })).status).toBe(200);
    const both = { userName: 'ada', email: 'ada', password };
    expect((await call('POST', '/api/v1/user/login', both)).status).toBe(400);
    const wrong = { userName: 'ada', password: 'not this' };
    expect((await call('POST', '/api/v1/user/login', wrong)).status).toBe(401);
  });
});

describe('createTask', () => {
  test('answers 201 with every column, and takes the token from the body', async () => {
    const request = {
      accessToken,
      taskName: 'greet',
      taskDesc: 'says hello',
      maxRetries: 2,
      userId: 'ada',
      priority: 'normal',
      associations: { upstream: [], downstream: [] },
      payload: { name: 'Ada' },
      code: 'console.log(`for ${input.name}`); return `hello ${input.name}`;',
    };
    const made = await call('POST', '/api/v1/task/create', request);
    expect(made).toMatchObject({ status: 201, body: { outcome: 'success', taskId: 'greet' } });
    expect(await show('greet')).toEqual({
      taskId: 'greet',
      taskName: 'greet',
      taskDesc: 'says hello',
      userId: 'ada',
      priority: 'normal',
      maxRetries: 2,
      associations: { upstream: [], downstream: [] },
      payload: { name: 'Ada' },
      status: 'created',
      errorMessage: null,
      createTime: null,
      startTime: null,
      stopTime: null,
      duration: null,
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      updated: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      scheduled: [],
      executions: [],
      logs: [],
    });
  });

  test('takes a name and a file of a package', async () => {
    const made = await create({ name: 'from-file', codeRef: 'demo:tasks/count.py#count' });
    expect(made).toMatchObject({ status: 201, body: { userId: 'ada', maxRetries: 0 } });
  });

  test.each([
    ['no name', { code: 'return 1' }, 400, '/taskName'],
    ['a word of addresses', { name: 'list', code: 'return 1' }, 422, '/taskName'],
    ['no code', { name: 'x' }, 422, '/code'],
    ['code twice', { name: 'x', code: '1', codeRef: 'a:b.py' }, 422, '/codeRef'],
    ['a file of nothing', { name: 'x', codeRef: 'b.py' }, 422, '/codeRef'],
    ['SQL, which is not there yet', { name: 'x', code: 'select 1' }, 422, '/code'],
    ['a priority that is not honoured', { name: 'x', code: '1', priority: 7 }, 422, '/priority'],
    ['retries below none', { name: 'x', code: '1', maxRetries: -1 }, 400, '/maxRetries'],
    ['a field of ours', { name: 'x', code: '1', createdAt: 1 }, 400, ''],
    [
      'a task that is not there',
      { name: 'x', code: '1', associations: { downstream: ['nobody'] } },
      422,
      '/associations/downstream/0',
    ],
    [
      'a task that follows itself',
      { name: 'x', code: '1', associations: { upstream: ['x'] } },
      422,
      '/associations',
    ],
  ])('refuses %s, and says where', async (_, body, status, pointer) => {
    const refused = await create(body);
    expect([refused.status, refused.body.errors]).toEqual([
      status,
      [expect.objectContaining({ pointer })],
    ]);
  });

  test('refuses a name twice, and another’s userId', async () => {
    expect((await create({ name: 'greet', code: '1' })).body.code).toBe('task-exists');
    const others = await create({ name: 'x', code: '1', userId: 'eve' });
    expect([others.status, others.body.code]).toEqual([403, 'not-allowed']);
    const owner = { authorization: `Bearer ${server.token}` };
    const admins = { name: 'of-eve', code: 'return 1', userId: 'eve' };
    expect((await call('POST', '/api/v1/task/create', admins, owner)).body.userId).toBe('eve');
  });
});

describe('executeTask', () => {
  test('answers with a job, whose columns and log are told when it has ended', async () => {
    const job = await ask('POST', '/api/v1/task/execute', { taskName: 'greet' });
    expect(job).toMatchObject({ status: 202, body: { status: 'running', taskId: 'greet' } });
    const told = await ended('greet');
    expect(told).toMatchObject({ status: 'completed', errorMessage: null });
    expect(told.executions).toMatchObject([
      {
        jobId: job.body.jobId,
        status: 'completed',
        createTime: expect.any(String),
        startTime: expect.any(String),
        stopTime: expect.any(String),
        duration: expect.any(Number),
        attempts: 1,
        errorMessage: null,
      },
    ]);
    expect(told.logs).toMatchObject([{ stream: 'stdout', text: 'for Ada' }]);
  });

  test('by GET needs the header, and starts one job for one dateTime', async () => {
    const past = '2026-01-01T00:00:00Z';
    const path = `/api/v1/task/execute?taskId=greet&dateTime=${past}`;
    const first = await ask('GET', path);
    const again = await ask(
      'GET',
      '/api/v1/task/execute?taskId=greet&dateTime=2026-01-01T01:00:00%2B01:00',
    );
    expect([first.status, again.body.jobId]).toEqual([202, first.body.jobId]);
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(first.headers.get('deprecation')).toMatch(/^@\d+$/);
    expect((await call('GET', path)).status).toBe(401);
    const inAddress = await call('GET', `${path}&accessToken=${accessToken}`);
    expect(inAddress).toMatchObject({ status: 400, body: { code: 'body-invalid' } });
    expect(JSON.stringify(inAddress.body)).not.toContain(accessToken);
    expect((await ask('HEAD', path)).status).toBe(403);
    const ahead = { ...bearer(), 'sec-purpose': 'prefetch' };
    expect((await call('GET', path, undefined, ahead)).status).toBe(403);
  });

  test('at a later dateTime waits, and is the same job when asked again', async () => {
    const dateTime = '2090-01-01T00:00:00.000Z';
    const path = `/api/v1/task/execute?taskId=greet&dateTime=${dateTime}`;
    const job = await ask('GET', path);
    expect(job.body).toMatchObject({ status: 'scheduled', taskId: 'greet', dateTime });
    expect((await ask('GET', path)).body).toEqual(job.body);
    expect(((await show('greet')) as Body & Told).scheduled).toEqual([
      { jobId: job.body.jobId, dateTime },
    ]);
    await ask('POST', '/api/v1/task/cancel', { taskId: job.body.jobId });
  });

  test('runs what follows it after it, and a failure with its message', async () => {
    await create({ name: 'last', code: 'throw new Error("no ink")' });
    const both = { upstream: ['greet'], downstream: ['last'] };
    await create({ name: 'middle', code: 'return 1', associations: both });
    const job = await ask('POST', '/api/v1/task/execute', { name: 'middle' });
    expect(await ended('middle')).toMatchObject({
      status: 'failed',
      errorMessage: 'task last failed',
    });
    const tasks = (await ask('GET', `/v1/runs/${job.body.jobId}/tasks`)).body.items;
    expect(tasks).toMatchObject([
      { id: 'middle', state: 'succeeded', needs: [] },
      { id: 'last', state: 'failed', needs: ['middle'] },
    ]);
  });

  test('of a task that is not there is refused', async () => {
    const refused = await ask('POST', '/api/v1/task/execute', { name: 'nobody' });
    expect([refused.status, refused.body.code]).toEqual([404, 'task-unknown']);
  });
});

describe('scheduleTask and rescheduleTask', () => {
  test('make a job that waits, and give it another time', async () => {
    const dateTime = '2090-05-01T10:00:00.000Z';
    const job = await ask('POST', '/api/v1/task/schedule', { taskName: 'from-file', dateTime });
    // Its package was never pushed.
    expect(job).toMatchObject({ status: 404, body: { code: 'package-unknown' } });
    const made = await ask('POST', '/api/v1/task/schedule', { taskName: 'last', dateTime });
    expect(made).toMatchObject({ status: 201, body: { status: 'scheduled', dateTime } });
    const later = '2091-05-01T10:00:00.000Z';
    const { jobId } = made.body;
    const moved = await ask('POST', '/api/v1/task/reschedule', { jobId, dateTime: later });
    expect(moved).toMatchObject({ status: 200, body: { jobId, dateTime: later } });
    expect(await show('last')).toMatchObject({
      status: 'scheduled',
      scheduled: [{ jobId, dateTime: later }],
    });
  });

  test('again and again, until an end', async () => {
    const request = {
      taskName: 'last',
      dateTime: '2090-05-01T10:00:00Z',
      interval: '15m',
      endDate: '2090-06-01T00:00:00Z',
    };
    const made = await ask('POST', '/api/v1/task/schedule', request);
    expect(made).toMatchObject({ status: 201, body: { dateTime: '2090-05-01T10:00:00.000Z' } });
    const { body } = await ask('GET', `/v1/schedules/${made.body.jobId}/next?n=2`);
    const [one = 0, two = 0] = body.starts as number[];
    expect(two - one).toBe(900_000);
  });

  test.each([
    ['a time that is over', { dateTime: '2020-01-01T00:00:00Z' }, 422],
    ['a time without an offset', { dateTime: '2090-01-01T00:00:00' }, 400],
    ['an interval that is none', { dateTime: '2090-01-01T00:00:00Z', interval: 'daily' }, 422],
  ])('refuse %s', async (_, fields, status) => {
    const refused = await ask('POST', '/api/v1/task/schedule', { taskName: 'last', ...fields });
    expect(refused.status).toBe(status);
  });

  test('refuse a job that has begun', async () => {
    const { body } = await ask('POST', '/api/v1/task/execute', { name: 'greet' });
    const dateTime = '2090-01-01T00:00:00Z';
    const refused = await ask('POST', '/api/v1/task/reschedule', { jobId: body.jobId, dateTime });
    expect([refused.status, refused.body.code]).toEqual([409, 'run-ended']);
  });
});

describe('cancelTask', () => {
  test('ends all jobs of a task, those at work and those that wait', async () => {
    await create({ name: 'slow', code: 'return new Promise(() => setInterval(() => {}, 1000))' });
    const job = await ask('POST', '/api/v1/task/execute', { name: 'slow' });
    const dateTime = '2090-01-01T00:00:00Z';
    const waiting = await ask('POST', '/api/v1/task/schedule', { name: 'slow', dateTime });
    const cancelled = await ask('GET', '/api/v1/task/cancel?taskId=slow');
    expect(cancelled).toMatchObject({ status: 202, body: { status: 'cancelled' } });
    expect(cancelled.body.jobs).toEqual([waiting.body.jobId, job.body.jobId]);
    expect(await ended('slow')).toMatchObject({ status: 'cancelled', scheduled: [] });
  });
});

describe('listTasks, updateTask, deleteTask', () => {
  test('a list comes in pages, by name, with the newest job of each', async () => {
    const { body } = await ask('GET', '/api/v1/task/list?limit=2');
    const names = (body.items as { taskName: string }[]).map(({ taskName }) => taskName);
    expect([names, body.next]).toEqual([['from-file', 'greet'], 'greet']);
    const next = await ask('GET', '/api/v1/task/list?after=greet&limit=1');
    expect(next.body.items).toMatchObject([{ taskName: 'last', status: 'scheduled' }]);
  });

  test('an update changes what is given, and keeps the rest', async () => {
    const before = await show('greet');
    const update = { taskName: 'greet', taskDesc: 'greets', payload: { name: 'Bo' } };
    const updated = await ask('PUT', '/api/v1/task/update', update);
    expect(updated).toMatchObject({
      status: 200,
      body: { taskDesc: 'greets', payload: { name: 'Bo' }, maxRetries: 2, created: before.created },
    });
    expect((await ask('PUT', '/api/v1/task/update', { name: 'nobody' })).status).toBe(404);
  });

  test('a deleted task waits for nothing, and nothing for it; its jobs stay readable', async () => {
    const { executions } = (await show('last')) as Body & Told;
    expect((await ask('DELETE', '/api/v1/task/delete?taskName=last')).body).toEqual({
      status: 'deleted',
      taskId: 'last',
    });
    expect((await ask('GET', '/api/v1/task/last')).status).toBe(404);
    expect((await ask('GET', '/v1/schedules')).body.items).toEqual([]);
    expect(executions).toEqual([]);
    await ask('POST', '/api/v1/task/execute', { name: 'middle' });
    expect(await ended('middle')).toMatchObject({ status: 'completed' });
  });
});

test('a viewer sees, and does nothing', async () => {
  const login = { userName: 'eve', password: PASSWORD };
  const token = (await call('POST', '/api/v1/user/login', login)).body.accessToken;
  const eve = { authorization: `Bearer ${token}` };
  expect((await call('GET', '/api/v1/task/list', undefined, eve)).status).toBe(200);
  for (const path of ['/api/v1/task/execute?taskId=greet', '/api/v1/task/cancel?taskId=greet'])
    expect((await call('GET', path, undefined, eve)).status).toBe(403);
});
