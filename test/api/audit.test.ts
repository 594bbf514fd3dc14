import { describe, expect, test } from '@jest/globals';
import { createAudit } from '../../src/access/audit.ts';
import { createApp } from '../../src/api/app.ts';
import { isChange } from '../../src/api/audit.ts';
import { routes } from '../../src/api/routes.ts';
import { OWNER_TOKEN, openAccess, PASSWORD } from '../support/access.ts';
import { fakeEngine, RUN } from './fake-engine.ts';

const env = { incoming: { socket: { remoteAddress: '192.0.2.7' } } };

function server() {
  const { access, ports } = openAccess();
  const audit = createAudit(ports, { namespace: 'main', shards: 1 });
  const app = createApp(fakeEngine(), { access, audit });
  const send = async (method: string, path: string, body?: object, token = OWNER_TOKEN) => {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const answer = await app.request(path, init, env);
    return { status: answer.status, body: (await answer.json()) as Record<string, never> };
  };
  const entries = async () => (await audit.list({ limit: 100 })).items;
  return { access, send, entries, audit };
}

const workflow = { name: 'hello', tasks: [{ id: 'a', run: { kind: 'none' } }] };

describe('the audit', () => {
  test('notes who did what, from where, and what came of it', async () => {
    const { access, send, entries } = server();
    await access.accounts.put('ada', { password: PASSWORD, roles: { main: 'author' } });
    const signedIn = await send('POST', '/v1/sessions', { name: 'ada', password: PASSWORD });
    const token = signedIn.body.accessToken;
    await send('POST', '/v1/runs', { workflow }, token);
    await send('POST', `/v1/runs/${RUN}/cancel`, {}, token);
    await send('GET', '/v1/users', undefined, token);
    await send('PUT', '/v1/users/eve', { password: PASSWORD }, token);
    await send('GET', '/v1/runs', undefined, token);
    const told = (await entries()).map(({ kind, caller, from, operation, object, status }) =>
      [kind, caller, from, operation, object, status].join(' '),
    );
    expect(told.reverse()).toEqual([
      'owner owner 192.0.2.7 signIn /v1/sessions as "ada" 201',
      `account ada 192.0.2.7 submitRun /v1/runs/${RUN} 202`,
      `account ada 192.0.2.7 cancelRun /v1/runs/${RUN}/cancel 202`,
      'account ada 192.0.2.7 putUser /v1/users/eve 403',
    ]);
  });

  test('notes a wrong password, and nothing of what was mistaken or unknown', async () => {
    const { send, entries } = server();
    await send('POST', '/v1/sessions', { name: 'ada', password: 'not it' }, 'x');
    await send('POST', '/v1/runs', { workflow: 7 });
    await send('POST', '/v1/runs', { workflow }, 'nobody-s');
    expect(await entries()).toMatchObject([
      { operation: 'signIn', caller: 'nobody', object: '/v1/sessions as "ada"', status: 401 },
    ]);
  });

  test('holds no secret', async () => {
    const { send, entries } = server();
    await send('PUT', '/v1/users/eve', { password: PASSWORD, roles: { main: 'viewer' } });
    const { body } = await send('POST', '/v1/sessions', { name: 'eve', password: PASSWORD });
    await send('POST', '/v1/tokens', {}, body.accessToken);
    const text = JSON.stringify(await entries());
    for (const secret of [PASSWORD, OWNER_TOKEN, body.accessToken, body.refreshToken])
      expect(text).not.toContain(secret);
  });

  test('is told to an admin only, with its verdict', async () => {
    const { access, send } = server();
    await access.accounts.put('ada', { password: PASSWORD, roles: { main: 'author' } });
    const { body } = await send('POST', '/v1/sessions', { name: 'ada', password: PASSWORD });
    expect((await send('GET', '/v1/audit', undefined, body.accessToken)).status).toBe(403);
    expect((await send('GET', '/v1/audit?limit=1')).body.items).toHaveLength(1);
    expect((await send('GET', '/v1/audit/verify')).body).toMatchObject({ entries: 1, wrong: [] });
  });

  /** Goal: no operation that changes something escapes. Method: every route, with the table's word for what it does. */
  test('takes every route that is no reading', () => {
    const silent = routes.filter((row) => !isChange(row) && row.method !== 'GET');
    expect(silent.map(({ op }) => op).sort()).toEqual([
      'lintWorkflow',
      'planBackfill',
      'previewSchedule',
      'refreshTokens',
    ]);
    const acting = routes.filter((row) => isChange(row) && row.method === 'GET');
    expect(acting.map(({ op }) => op).sort()).toEqual(['cancelTaskByGet', 'executeTaskByGet']);
  });
});
