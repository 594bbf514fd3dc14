import { describe, expect, test } from '@jest/globals';
import { createApp } from '../../src/api/app.ts';
import { routes } from '../../src/api/routes.ts';
import { isAtLeast, type Role, roles } from '../../src/contract/access.ts';
import { OWNER_TOKEN, openAccess, PASSWORD } from '../support/access.ts';
import { fakeEngine, RUN } from './fake-engine.ts';

const ORIGIN = 'http://localhost';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function server() {
  const home = openAccess();
  const engine = fakeEngine();
  const app = createApp(engine, { access: home.access });
  const ask = async (method: string, path: string, init: RequestInit = {}) => {
    const answer = await app.request(path, { ...init, method });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : {} };
  };
  const send = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) =>
    ask(method, path, {
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const signIn = async (name: string) =>
    (await send('POST', '/v1/sessions', { name, password: PASSWORD })).body.accessToken as string;
  return { ...home, engine, send, signIn, owner: bearer(OWNER_TOKEN) };
}

const pathOf = (path: string): string =>
  path.replace(':id', RUN).replace(/:(name|hash|task|taskId)/, 'x');

describe('who may do what', () => {
  const callers = ['nobody', 'without a role', ...roles, 'owner'] as const;

  /** Goal: each operation takes the right of its row, whoever calls. Method: every route × every caller. */
  test('is as the table of routes says', async () => {
    const { access, send, signIn, owner } = await server();
    const headers = new Map<string, Record<string, string>>([
      ['nobody', {}],
      ['owner', owner],
    ]);
    await access.accounts.put('without', { password: PASSWORD, roles: { other: 'admin' } });
    for (const role of roles)
      await access.accounts.put(role, { password: PASSWORD, roles: { main: role } });
    const wrong: string[] = [];
    for (const row of routes) {
      for (const caller of callers) {
        // Some of them end what was signed in.
        const name = caller === 'without a role' ? 'without' : caller;
        const sent = headers.get(caller) ?? bearer(await signIn(name));
        const { status } = await send(row.method, pathOf(row.path), undefined, sent);
        const role = caller === 'owner' ? 'admin' : roles.find((known) => known === caller);
        const wanted = expected(row.right, caller, role);
        const seen = status === 401 ? 'sign in' : status === 403 ? 'refused' : 'let in';
        if (seen !== wanted) wrong.push(`${row.op} by ${caller}: ${status}, not ${wanted}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  function expected(right: (typeof routes)[number]['right'], caller: string, role?: Role) {
    if (right === 'anyone') return 'let in';
    if (caller === 'nobody') return 'sign in';
    return right === 'signed-in' || isAtLeast(role, right) ? 'let in' : 'refused';
  }

  test('what changes something is not for viewers, and what anyone may is named here', () => {
    const harmless = ['lintWorkflow', 'planBackfill', 'previewSchedule'];
    const forViewers = routes.filter(({ method, right }) => method !== 'GET' && right === 'viewer');
    expect(forViewers.map(({ op }) => op).sort()).toEqual(harmless);
    const open = routes.filter(({ right }) => right === 'anyone').map(({ op }) => op);
    expect(open.sort()).toEqual(['login', 'refreshTokens', 'signIn']);
  });

  test('a refusal says who is refused, and what it takes', async () => {
    const { access, send, signIn, engine } = await server();
    await access.accounts.put('vi', { password: PASSWORD, roles: { main: 'viewer' } });
    const refused = await send('POST', `/v1/runs/${RUN}/cancel`, {}, bearer(await signIn('vi')));
    expect(refused).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
    expect(refused.body.detail).toBe('vi is viewer in main; this takes operator');
    const unknown = await send('GET', '/v1/runs');
    expect(unknown.body.code).toBe('not-signed-in');
    expect(unknown.headers.get('www-authenticate')).toBe('Bearer');
    expect(engine.calls).toEqual([]);
  });

  test('nothing is asked of health, readiness and the description', async () => {
    const { send } = await server();
    for (const path of ['/healthz', '/readyz', '/v1/openapi.json'])
      expect((await send('GET', path)).status).toBe(200);
  });
});

describe('sign-in over HTTP', () => {
  test('answers with tokens, new ones for old, and ends', async () => {
    const { access, send } = await server();
    await access.accounts.put('ada', { password: PASSWORD, roles: { main: 'viewer' } });
    const first = await send('POST', '/v1/sessions', { name: 'ada', password: PASSWORD });
    expect(first.status).toBe(201);
    expect(Object.keys(first.body).sort()).toEqual(['accessToken', 'expiresAt', 'refreshToken']);
    const { refreshToken } = first.body;
    const second = await send('POST', '/v1/sessions/refresh', { refreshToken });
    const token = bearer(second.body.accessToken);
    expect((await send('GET', '/v1/me', undefined, token)).body).toEqual({
      kind: 'account',
      name: 'ada',
      namespace: 'main',
      role: 'viewer',
    });
    expect((await send('DELETE', '/v1/sessions/current', undefined, token)).status).toBe(200);
    expect((await send('GET', '/v1/me', undefined, token)).status).toBe(401);
  });

  test('refuses alike whoever is unknown, and says when to try again', async () => {
    const { access, send } = await server();
    await access.accounts.put('ada', { password: PASSWORD });
    const tries = [];
    for (const name of ['ada', 'eve', 'ada', 'ada', 'ada', 'ada', 'ada'])
      tries.push(await send('POST', '/v1/sessions', { name, password: 'not it' }));
    const [ada, eve] = tries;
    expect(ada?.body).toMatchObject({ status: 401, code: 'sign-in-refused' });
    const { requestId: _1, ...one } = ada?.body ?? {};
    const { requestId: _2, ...other } = eve?.body ?? {};
    expect(one).toEqual(other);
    expect(tries.at(-1)).toMatchObject({ status: 429, body: { code: 'too-many-tries' } });
    expect(tries.at(-1)?.headers.get('retry-after')).toBe('1');
  });

  test('a page gets a cookie that scripts cannot read, and no token', async () => {
    const { access, send } = await server();
    await access.accounts.put('ada', { password: PASSWORD, roles: { main: 'operator' } });
    const page = { name: 'ada', password: PASSWORD, cookie: true };
    const answer = await send('POST', '/v1/sessions', page);
    const set = answer.headers.get('set-cookie') ?? '';
    expect(answer.body).toEqual({});
    expect(set).toMatch(
      /^fanfold-web=[\w.-]+; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/,
    );
    const cookie = set.split(';')[0] ?? '';
    expect((await send('GET', '/v1/me', undefined, { cookie })).body).toMatchObject({
      name: 'ada',
    });
    const secure = await send('POST', '/v1/sessions', page, { 'x-forwarded-proto': 'https' });
    expect(secure.headers.get('set-cookie')).toContain('; Secure');
  });

  test('a cookie counts for our own pages alone', async () => {
    const { access, send } = await server();
    await access.accounts.put('ada', { password: PASSWORD, roles: { main: 'operator' } });
    const page = { name: 'ada', password: PASSWORD, cookie: true };
    const set = (await send('POST', '/v1/sessions', page)).headers.get('set-cookie') ?? '';
    const cookie = set.split(';')[0] ?? '';
    const cancel = (headers: Record<string, string>) =>
      send('POST', `/v1/runs/${RUN}/cancel`, {}, { cookie, ...headers });
    expect((await cancel({ origin: ORIGIN })).status).toBe(202);
    expect((await cancel({})).status).toBe(401);
    expect((await cancel({ origin: 'http://localhost:8080' })).status).toBe(403);
    expect((await cancel({ origin: 'null' })).status).toBe(403);
    expect((await cancel({ origin: ORIGIN, 'sec-fetch-site': 'same-site' })).status).toBe(401);
    const read = (site: string) =>
      send('GET', '/v1/me', undefined, { cookie, 'sec-fetch-site': site });
    expect((await read('same-origin')).status).toBe(200);
    expect((await read('cross-site')).status).toBe(401);
  });

  test('a link signs a browser in once; who is signed in goes on', async () => {
    const { send, owner } = await server();
    const made = await send('POST', '/v1/links', undefined, owner);
    const { pathname, search } = new URL(made.body.url);
    const opened = await send('GET', pathname + search);
    expect([opened.status, opened.headers.get('location')]).toEqual([303, '/']);
    const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await send('GET', '/v1/me', undefined, { cookie })).body).toMatchObject({
      kind: 'owner',
      role: 'admin',
    });
    expect((await send('GET', pathname + search)).status).toBe(401);
    expect((await send('GET', pathname + search, undefined, { cookie })).status).toBe(303);
    expect((await send('GET', '/open')).status).toBe(401);
  });
});

describe('accounts', () => {
  const account = { password: PASSWORD, roles: { main: 'author' } };

  test('are made, shown, changed and removed by an admin; no password comes back', async () => {
    const { send, owner } = await server();
    const made = await send('PUT', '/v1/users/bob', account, owner);
    expect(made).toMatchObject({ status: 200, body: { name: 'bob', roles: { main: 'author' } } });
    expect(Object.keys(made.body).sort()).toEqual(['createdAt', 'name', 'roles']);
    const changed = await send('PUT', '/v1/users/bob', { roles: { main: 'viewer' } }, owner);
    expect(changed.body.roles).toEqual({ main: 'viewer' });
    expect((await send('GET', '/v1/users', undefined, owner)).body.items).toEqual([changed.body]);
    expect((await send('DELETE', '/v1/users/bob', undefined, owner)).status).toBe(200);
    expect((await send('GET', '/v1/users/bob', undefined, owner)).status).toBe(404);
  });

  test.each([
    ['no password', 'bob', {}, 422],
    ['a short password', 'bob', { password: 'short' }, 400],
    ['an easy password', 'bob', { password: 'password12345' }, 422],
    ['a role nobody has', 'bob', { password: PASSWORD, roles: { main: 'root' } }, 400],
    ['a field of ours', 'bob', { ...account, epoch: 7 }, 400],
    ['a name that is none', 'Bob%2F..', account, 422],
    ['a name of prototypes', '__proto__', account, 422],
  ])('%s is refused', async (_, name, body, status) => {
    const { send, owner } = await server();
    const refused = await send('PUT', `/v1/users/${name}`, body, owner);
    expect(refused.status).toBe(status);
    expect((await send('GET', '/v1/users', undefined, owner)).body.items).toEqual([]);
  });

  test('change their own password, and know the old one for it', async () => {
    const { send, access, signIn } = await server();
    await access.accounts.put('ada', { password: PASSWORD, roles: { main: 'viewer' } });
    const token = bearer(await signIn('ada'));
    const next = 'another tram, under nine';
    const wrong = { password: 'not the one', next };
    expect((await send('PUT', '/v1/me/password', wrong, token)).status).toBe(401);
    const right = { password: PASSWORD, next };
    expect((await send('PUT', '/v1/me/password', right, token)).status).toBe(200);
    expect((await send('GET', '/v1/me', undefined, token)).status).toBe(401);
    const again = await send('POST', '/v1/sessions', { name: 'ada', password: next });
    expect(again.status).toBe(201);
  });
});

describe('API keys', () => {
  test('give no more than they have, and are ended by their account only', async () => {
    const { send, access, signIn, owner } = await server();
    for (const name of ['ada', 'bob'])
      await access.accounts.put(name, { password: PASSWORD, roles: { main: 'author' } });
    const [ada, bob] = [bearer(await signIn('ada')), bearer(await signIn('bob'))];
    const key = await send('POST', '/v1/tokens', { role: 'operator', note: 'ci' }, ada);
    expect(key).toMatchObject({ status: 201, body: { account: 'ada', role: 'operator' } });
    const byKey = bearer(key.body.key);
    expect((await send('POST', `/v1/runs/${RUN}/pause`, {}, byKey)).status).toBe(202);
    expect((await send('POST', '/v1/tokens', { role: 'author' }, byKey)).status).toBe(403);
    expect((await send('POST', '/v1/tokens', {}, byKey)).body.role).toBe('operator');
    expect((await send('POST', '/v1/tokens', { role: 'admin' }, ada)).status).toBe(403);
    const path = `/v1/tokens/${key.body.id}`;
    expect((await send('DELETE', path, undefined, bob)).status).toBe(404);
    expect((await send('GET', '/v1/tokens', undefined, bob)).body.items).toEqual([]);
    expect((await send('GET', '/v1/tokens', undefined, owner)).body.items).toHaveLength(2);
    expect((await send('DELETE', path, undefined, ada)).status).toBe(200);
    expect((await send('GET', '/v1/me', undefined, byKey)).status).toBe(401);
  });

  test('are not for the owner of the data folder, who has a token', async () => {
    const { send, owner } = await server();
    expect(await send('POST', '/v1/tokens', {}, owner)).toMatchObject({
      status: 404,
      body: { code: 'account-unknown' },
    });
  });
});
