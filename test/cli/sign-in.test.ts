import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { keep, keptFor, signedInFetch } from '../../cli/sign-in-store.ts';
import { createApp } from '../../src/api/app.ts';
import { fakeEngine } from '../api/fake-engine.ts';
import { OWNER_TOKEN, openAccess, PASSWORD } from '../support/access.ts';
import { fakeShell } from './fake-shell.ts';

const URL = 'https://fanfold.example';
const tokens = { accessToken: 'a', refreshToken: 'r', expiresAt: 7 };
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fanfold-login-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const env = () => ({ XDG_CONFIG_HOME: folder });

describe('the commands', () => {
  test('login keeps the tokens where only their user reads them, and logout forgets them', async () => {
    const { run, calls, out } = fakeShell({ env: env(), stdin: [PASSWORD], answer: () => tokens });
    expect(await run('login', '--url', URL, '--user', 'ada', '--as', 'work')).toBe(0);
    const body = { name: 'ada', password: PASSWORD };
    expect(calls).toMatchObject([{ method: 'POST', path: '/v1/sessions', body }]);
    expect(keptFor(env(), URL)).toEqual({ ...tokens, name: 'ada' });
    const file = join(folder, 'fanfold', 'sign-ins.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8') + out()).not.toContain(PASSWORD);
    expect(await run('logout', '--profile', 'work')).toBe(0);
    expect(calls[1]).toMatchObject({ method: 'DELETE', path: '/v1/sessions/current' });
    expect(keptFor(env(), URL)).toBeUndefined();
    expect(await run('logout', '--url', URL)).not.toBe(0);
  });

  test('users add asks for the password, and tells it to the server only', async () => {
    const account = { name: 'bob', roles: { main: 'author' }, createdAt: 1 };
    const shell = fakeShell({ env: env(), stdin: [PASSWORD], answer: () => account });
    expect(await shell.run('users', 'add', 'bob', '--role', 'author', '--url', URL)).toBe(0);
    expect(shell.calls).toMatchObject([
      {
        method: 'PUT',
        path: '/v1/users/bob',
        body: { password: PASSWORD, roles: { main: 'author' } },
      },
    ]);
    expect(shell.out()).toBe('bob  main:author\n');
    expect(await shell.run('users', 'change', 'bob', '--role', 'viewer', '--url', URL)).toBe(0);
    expect(shell.calls[1]?.body).toEqual({ roles: { main: 'viewer' } });
    expect(await shell.run('users', 'add', 'bob', '--role', 'root', '--url', URL)).toBe(2);
  });

  test('users works without a server, by one for the moment that runs nothing', async () => {
    const shell = fakeShell({ env: env(), cwd: folder, answer: () => ({ items: [] }) });
    expect(await shell.run('users', 'ls')).toBe(0);
    expect(shell.started).toMatchObject([{ slots: 0, port: 0 }]);
    expect(shell.notes.at(-1)).toBe('close');
  });

  test('tokens add prints the key and nothing beside it', async () => {
    const shell = fakeShell({ env: env(), answer: () => ({ key: 'ff_1.x' }) });
    expect(await shell.run('tokens', 'add', '--role', 'viewer', '--url', URL)).toBe(0);
    expect(shell.calls[0]?.body).toEqual({ role: 'viewer' });
    expect(shell.out()).toBe('ff_1.x\n');
  });

  test('serve passes on the address and the first account', async () => {
    const given = { FANFOLD_ADMIN_NAME: 'ada', FANFOLD_ADMIN_PASSWORD: PASSWORD };
    const shell = fakeShell({ env: { ...env(), ...given }, cwd: folder });
    const served = shell.run('serve', '--host', '0.0.0.0');
    while (!shell.err().includes('/open?link=once')) await new Promise(setImmediate);
    shell.signal('SIGINT');
    expect(await served).toBe(0);
    expect(shell.started).toMatchObject([
      { host: '0.0.0.0', firstAdmin: { name: 'ada', password: PASSWORD } },
    ]);
  });
});

describe('requests', () => {
  async function server() {
    const home = openAccess();
    await home.access.accounts.put('ada', { password: PASSWORD, roles: { main: 'viewer' } });
    const app = createApp(fakeEngine(), { access: home.access, guard: { hosts: 'any' } });
    const send = (async (input, init) => app.request(String(input), init)) as typeof fetch;
    const now = () => home.ports.clock.now();
    const ask = (more: Record<string, string> = {}) =>
      signedInFetch(URL, { ...env(), ...more }, send, now)(`${URL}/v1/me`);
    return { ...home, ask };
  }

  test('carry what login kept, and new tokens when those are old', async () => {
    const { access, ask, pass } = await server();
    expect((await ask()).status).toBe(401);
    const signedIn = await access.signIn({ name: 'ada', password: PASSWORD }, '');
    if (signedIn.kind !== 'tokens') throw new Error(signedIn.kind);
    keep(env(), URL, { ...signedIn.tokens, name: 'ada' });
    expect((await ask()).status).toBe(200);
    expect(keptFor(env(), URL)).toMatchObject(signedIn.tokens);
    pass(600_000);
    // Two commands at once get the same ones.
    const both = await Promise.all([ask(), ask()]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(keptFor(env(), URL)?.refreshToken).not.toBe(signedIn.tokens.refreshToken);
    pass(600_000);
    expect((await ask()).status).toBe(200);
    await access.accounts.signOut('ada');
    pass(600_000);
    expect((await ask()).status).toBe(401);
  });

  test('to the addresses of others carry nothing', async () => {
    const sent: (string | null)[] = [];
    const send = (async (_, init) => {
      sent.push(new Headers(init?.headers).get('authorization'));
      return new Response('{}');
    }) as typeof fetch;
    const ask = signedInFetch(URL, { ...env(), FANFOLD_TOKEN: 'mine' }, send, () => 0);
    for (const url of [`${URL}/v1/me`, 'https://files.example/x', 'http://fanfold.example/x'])
      await ask(url);
    expect(sent).toEqual(['Bearer mine', null, null]);
  });

  test('carry FANFOLD_TOKEN before anything else', async () => {
    const { ask } = await server();
    keep(env(), URL, { ...tokens, name: 'ada' });
    expect(await (await ask({ FANFOLD_TOKEN: OWNER_TOKEN })).json()).toMatchObject({
      kind: 'owner',
    });
  });
});
