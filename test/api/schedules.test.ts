import { describe, expect, test } from '@jest/globals';
import { createApp } from '../../src/api/app.ts';
import { everyMinute, scheduleHome, soon } from '../support/schedule-home.ts';

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

  test('what would come is shown without making anything', async () => {
    const { call } = serve();
    const body = { timing: { cron: '@daily' }, from: 0, n: 2 };
    expect((await call('POST', '/v1/schedules:preview', body)).body).toEqual({
      slots: [86_400_000, 172_800_000],
    });
  });
});
