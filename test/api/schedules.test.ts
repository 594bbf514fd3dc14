import { describe, expect, test } from '@jest/globals';
import { createApp } from '../../src/api/app.ts';
import { began, everyMinute, minuteMs, scheduleHome, soon } from '../support/schedule-home.ts';

function serve() {
  const home = scheduleHome();
  const app = createApp(home.engine);
  const call = async (method: string, path: string, body?: unknown, headers = {}) => {
    const request = app.request(`http://localhost${path}`, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const response = await soon(Promise.resolve(request), home.time);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { home, call };
}

describe('schedules over HTTP', () => {
  test('are made, shown, listed, paused, resumed, run and removed', async () => {
    const { home, call } = serve();
    expect(await call('PUT', '/v1/schedules/tick', everyMinute)).toMatchObject({
      status: 200,
      body: { name: 'tick', state: 'active', overlap: 'allow', catchUp: { policy: 'last' } },
    });
    expect((await call('GET', '/v1/schedules/tick/next?n=2')).body).toEqual({
      starts: [Date.parse('2026-01-01T00:01Z'), Date.parse('2026-01-01T00:02Z')],
    });
    expect((await call('GET', '/v1/schedules')).body).toMatchObject({ items: [{ name: 'tick' }] });
    expect((await call('POST', '/v1/schedules/tick/pause')).body.state).toBe('paused');
    expect((await call('POST', '/v1/schedules/tick/resume')).body.state).toBe('active');
    const key = { 'idempotency-key': 'once' };
    const runs = [1, 2].map(() => call('POST', '/v1/schedules/tick/run', undefined, key));
    const [first, second] = await Promise.all(runs);
    expect([first?.status, first?.body.id]).toEqual([202, second?.body.id]);
    expect((await home.runs()).length).toBe(1);
    expect((await call('DELETE', '/v1/schedules/tick')).status).toBe(200);
    expect((await call('GET', '/v1/schedules/tick')).status).toBe(404);
  });

  test.each([
    ['PUT', '/v1/schedules/a%20b', everyMinute, 422],
    ['PUT', '/v1/schedules/tick', { ...everyMinute, timing: {} }, 422],
    ['PUT', '/v1/schedules/tick', { ...everyMinute, timing: { cron: '*/0 * * * *' } }, 422],
    ['PUT', '/v1/schedules/tick', { ...everyMinute, overlap: 'maybe' }, 400],
    [
      'PUT',
      '/v1/schedules/tick',
      { ...everyMinute, catchUp: { policy: 'all', perMinute: -1 } },
      400,
    ],
    ['GET', '/v1/schedules/none', undefined, 404],
    ['POST', '/v1/schedules/none/run', undefined, 404],
    ['GET', '/v1/schedules?state=odd', undefined, 400],
    ['POST', '/v1/schedules:preview', { timing: { cron: '0 0 30 2 *' }, from: 0 }, 422],
  ])('%s %s with %j is refused', async (method, path, body, status) => {
    const { call } = serve();
    const answer = await call(method, path, body);
    expect(answer).toMatchObject({ status, body: { status, code: expect.any(String) } });
  });

  test('a new one is refused where one is', async () => {
    const { call } = serve();
    const headers = { 'if-none-match': '*' };
    expect((await call('PUT', '/v1/schedules/tick', everyMinute, headers)).status).toBe(200);
    const again = await call('PUT', '/v1/schedules/tick', everyMinute, headers);
    expect([again.status, again.body.code]).toEqual([409, 'schedule-exists']);
  });

  test('slots that are over are planned, made up for, paused, listed and ended', async () => {
    const { home, call } = serve();
    const start = began - 60 * minuteMs;
    const timing = { everyMs: minuteMs, start };
    await call('PUT', '/v1/schedules/tick', { ...everyMinute, timing, paused: true });
    const range = { from: began - 3 * minuteMs, to: began, order: 'newest' };
    const plan = await call('POST', '/v1/schedules/tick/backfills:plan', range);
    expect(plan).toMatchObject({ status: 200, body: { starts: 3, skips: 0 } });
    const key = { 'idempotency-key': 'once' };
    const begin = (body: object) => call('POST', '/v1/schedules/tick/backfills', body, key);
    const { status, body } = await begin(range);
    expect([status, (await begin(range)).body.id]).toEqual([202, body.id]);
    expect((await begin({ ...range, parallel: 2 })).body.code).toBe('key-reused');
    const path = `/v1/schedules/tick/backfills/${body.id}`;
    expect((await call('POST', `${path}/pause`)).body.state).toBe('paused');
    await home.live(10);
    expect(await home.runs()).toEqual([]);
    expect((await call('POST', `${path}/resume`)).body.state).toBe('active');
    await home.live(30);
    expect((await call('GET', path)).body).toMatchObject({ state: 'done', started: 3, left: 0 });
    expect((await call('GET', '/v1/schedules/tick/backfills')).body).toMatchObject({
      items: [{ id: body.id }],
      next: null,
    });
    const planned = (plan.body.steps as { run: string }[]).map(({ run }) => run);
    expect((await home.runs()).map(({ id }) => id).sort()).toEqual(planned.sort());
    expect((await call('DELETE', path)).status).toBe(200);
    expect((await call('GET', path)).body.code).toBe('schedule-unknown');
  });

  test.each([
    ['tick', { from: 'yesterday' }, 400],
    ['tick', { from: 0, parallel: 0 }, 400],
    ['tick', { from: 0, again: 'maybe' }, 400],
    ['tick', { from: 2e15 }, 422],
    ['none', { from: 0 }, 404],
  ])('a backfill of %s with %j is refused', async (name, body, status) => {
    const { call } = serve();
    await call('PUT', '/v1/schedules/tick', everyMinute);
    expect((await call('POST', `/v1/schedules/${name}/backfills`, body)).status).toBe(status);
  });

  test('what would come is shown without making anything', async () => {
    const { call } = serve();
    const body = { timing: { cron: '@daily' }, from: 0, n: 2 };
    expect((await call('POST', '/v1/schedules:preview', body)).body).toEqual({
      slots: [86_400_000, 172_800_000],
    });
  });
});
