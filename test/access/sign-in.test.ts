import { describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import type { Access } from '../../src/access/access.ts';
import { SIGN_IN_MS } from '../../src/access/sign-ins.ts';
import { OWNER_TOKEN, openAccess, PASSWORD } from '../support/access.ts';

const from = '192.0.2.7';

async function withAda(role: 'viewer' | 'admin' = 'admin') {
  const home = openAccess();
  await home.access.accounts.put('ada', { password: PASSWORD, roles: { main: role } });
  return home;
}

async function tokensOf(access: Access, name = 'ada') {
  const signedIn = await access.signIn({ name, password: PASSWORD }, from);
  if (signedIn.kind !== 'tokens') throw new Error(signedIn.kind);
  return signedIn.tokens;
}

async function refreshed(access: Access, token: string) {
  const answer = await access.refresh(token);
  if (answer.kind !== 'tokens') throw new Error(answer.kind);
  return answer.tokens;
}

describe('a sign-in', () => {
  test('gives a token that says who calls, on every server over the table, for ten minutes', async () => {
    const { access, other, pass } = await withAda();
    const { accessToken } = await tokensOf(access);
    const ada = { kind: 'account', name: 'ada', role: 'admin' };
    expect(await other().callerOf({ bearer: accessToken })).toMatchObject(ada);
    pass(599_000);
    expect(await access.callerOf({ bearer: accessToken })).toMatchObject(ada);
    pass(2_000);
    expect(await access.callerOf({ bearer: accessToken })).toBeUndefined();
  });

  test('is refused alike for an unknown name and a wrong password', async () => {
    const { access } = await withAda();
    const refused = { kind: 'refused' };
    expect(await access.signIn({ name: 'ada', password: 'wrong' }, from)).toEqual(refused);
    expect(await access.signIn({ name: 'eve', password: PASSWORD }, from)).toEqual(refused);
  });

  test('counts in one namespace only', async () => {
    const { access, other } = await withAda();
    const { accessToken } = await tokensOf(access);
    expect(await other('second').callerOf({ bearer: accessToken })).toBeUndefined();
    expect(await other('second').signIn({ name: 'ada', password: PASSWORD }, from)).toEqual({
      kind: 'refused',
    });
  });

  test('of many wrong tries at once few reach the password; the owner comes in from elsewhere', async () => {
    const { access } = await withAda();
    const tries = Array.from({ length: 40 }, (_, n) =>
      access.signIn({ name: 'ada', password: `wrong ${n}` }, from),
    );
    const kinds = (await Promise.all(tries)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'refused')).toHaveLength(5);
    expect((await access.signIn({ name: 'ada', password: PASSWORD }, from)).kind).toBe('wait');
    expect((await access.signIn({ name: 'ada', password: PASSWORD }, '192.0.2.8')).kind).toBe(
      'tokens',
    );
  });

  test('that succeeds forgets the failures before it', async () => {
    const { access } = await withAda();
    for (let round = 0; round < 8; round++) {
      for (let n = 0; n < 4; n++) await access.signIn({ name: 'ada', password: 'no' }, `${round}`);
      expect((await access.signIn({ name: 'ada', password: PASSWORD }, `${round}`)).kind).toBe(
        'tokens',
      );
    }
  });
});

describe('access tokens of others are refused', () => {
  const claims = { epoch: 1, sid: 'a'.repeat(24) };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('unsigned, signed by a stranger, changed, or without a key of ours', async () => {
    const { access } = await withAda();
    const { accessToken } = await tokensOf(access);
    const [head = '', body = '', signature = ''] = accessToken.split('.');
    const header = JSON.parse(Buffer.from(head, 'base64url').toString());
    const payload = JSON.parse(Buffer.from(body, 'base64url').toString());
    const unsigned = new UnsecuredJWT(payload).encode();
    const stranger = await new SignJWT(payload)
      .setProtectedHeader({ ...header, alg: 'HS256' })
      .sign(new TextEncoder().encode('0'.repeat(32)));
    const forged = [
      '',
      'x',
      '..',
      unsigned,
      stranger,
      `${head}.${body}.`,
      `${head}.${part({ ...payload, sub: 'eve' })}.${signature}`,
      `${head}.${part({ ...payload, exp: payload.exp + 1 })}.${signature}`,
      `${part({ ...header, alg: 'none' })}.${body}.${signature}`,
      `${part({ ...header, kid: '../../x' })}.${body}.${signature}`,
      `${part({ ...header, kid: 'b'.repeat(24) })}.${body}.${signature}`,
      `${part({ ...header, typ: 'JWT' })}.${body}.${signature}`,
      `${part({ ...header, crit: ['x'], x: 1 })}.${body}.${signature}`,
      `${part({ alg: 'EdDSA' })}.${part(claims)}.${signature}`,
      `${accessToken} `,
      accessToken.repeat(20),
    ];
    for (const bearer of forged) expect(await access.callerOf({ bearer })).toBeUndefined();
    expect(await access.callerOf({ bearer: accessToken })).toBeDefined();
  });

  test('a refresh token is no access token, nor a cookie, and the other way round', async () => {
    const { access } = await withAda();
    const { accessToken, refreshToken } = await tokensOf(access);
    expect(await access.callerOf({ bearer: refreshToken })).toBeUndefined();
    expect(await access.callerOf({ cookie: refreshToken })).toBeUndefined();
    expect(await access.callerOf({ cookie: accessToken })).toBeUndefined();
    const signedIn = await access.signIn({ name: 'ada', password: PASSWORD, cookie: true }, from);
    if (signedIn.kind !== 'cookie') throw new Error(signedIn.kind);
    expect(await access.callerOf({ cookie: signedIn.cookie })).toMatchObject({ byCookie: true });
    expect(await access.callerOf({ bearer: signedIn.cookie })).toBeUndefined();
    expect(await access.refresh(signedIn.cookie)).toEqual({ kind: 'refused' });
  });
});

describe('a refresh token', () => {
  test('is good for once; the old one again ends the sign-in for both', async () => {
    const { access, pass } = await withAda();
    const first = await tokensOf(access);
    const second = await refreshed(access, first.refreshToken);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    pass(11_000);
    expect(await access.refresh(first.refreshToken)).toEqual({ kind: 'reused' });
    expect(await access.refresh(second.refreshToken)).toEqual({ kind: 'refused' });
    expect(await access.callerOf({ bearer: second.accessToken })).toBeUndefined();
  });

  test('asked for twice at once, or again after a lost answer, has one successor', async () => {
    const { access, other, pass } = await withAda();
    const { refreshToken } = await tokensOf(access);
    const both = await Promise.all([
      refreshed(access, refreshToken),
      refreshed(other(), refreshToken),
    ]);
    pass(9_000);
    const again = await refreshed(access, refreshToken);
    const successors = new Set([...both, again].map((tokens) => tokens.refreshToken));
    expect(successors.size).toBe(1);
    await refreshed(access, again.refreshToken);
  });

  test('older than the one before ends the sign-in at once', async () => {
    const { access } = await withAda();
    const first = await tokensOf(access);
    const second = await refreshed(access, first.refreshToken);
    const third = await refreshed(access, second.refreshToken);
    expect(await access.refresh(first.refreshToken)).toEqual({ kind: 'reused' });
    expect(await access.refresh(third.refreshToken)).toEqual({ kind: 'refused' });
  });

  test('lives no longer than its sign-in, however often it is changed', async () => {
    const { access, pass } = await withAda();
    let { refreshToken } = await tokensOf(access);
    for (let day = 1; day < 30; day++) {
      pass(SIGN_IN_MS / 30);
      ({ refreshToken } = await refreshed(access, refreshToken));
    }
    pass(SIGN_IN_MS / 30);
    expect(await access.refresh(refreshToken)).toEqual({ kind: 'refused' });
  });
});

describe('what ends sign-ins', () => {
  const ends: Record<string, (access: Access) => Promise<unknown>> = {
    'signing out everywhere': (access) => access.accounts.signOut('ada'),
    'a new password': (access) => access.accounts.put('ada', { password: `${PASSWORD} eight` }),
    'removing the account': (access) => access.accounts.remove('ada'),
    'making it anew': async (access) => {
      await access.accounts.remove('ada');
      await access.accounts.put('ada', { password: PASSWORD, roles: { main: 'admin' } });
    },
  };
  test.each(Object.entries(ends))('%s ends tokens, cookies and keys', async (_, end) => {
    const { access, pass } = await withAda();
    const { accessToken, refreshToken } = await tokensOf(access);
    const page = await access.signIn({ name: 'ada', password: PASSWORD, cookie: true }, from);
    const cookie = page.kind === 'cookie' ? page.cookie : '';
    const account = await access.accounts.find('ada');
    const { key } = await access.keys.make('ada', account?.epoch ?? 0, { days: 1 });
    const all = [{ bearer: accessToken }, { bearer: key }, { cookie }];
    for (const credentials of all) expect(await access.callerOf(credentials)).toBeDefined();
    pass(1);
    await end(access);
    for (const credentials of all) expect(await access.callerOf(credentials)).toBeUndefined();
    expect(await access.refresh(refreshToken)).toEqual({ kind: 'refused' });
  });

  test('signing out ends one sign-in, and no other', async () => {
    const { access } = await withAda();
    const [one, two] = [await tokensOf(access), await tokensOf(access)];
    const caller = await access.callerOf({ bearer: one.accessToken });
    if (caller === undefined) throw new Error('nobody');
    await access.signOut(caller);
    expect(await access.callerOf({ bearer: one.accessToken })).toBeUndefined();
    expect(await access.refresh(one.refreshToken)).toEqual({ kind: 'refused' });
    expect(await access.callerOf({ bearer: two.accessToken })).toBeDefined();
  });

  test('a change of roles counts at once', async () => {
    const { access } = await withAda();
    const { accessToken } = await tokensOf(access);
    await access.accounts.put('ada', { roles: { main: 'viewer' } });
    expect(await access.callerOf({ bearer: accessToken })).toMatchObject({ role: 'viewer' });
    await access.accounts.put('ada', { roles: { other: 'admin' } });
    expect((await access.callerOf({ bearer: accessToken }))?.role).toBeUndefined();
    await access.accounts.put('ada', { roles: { '*': 'operator', main: 'viewer' } });
    expect(await access.callerOf({ bearer: accessToken })).toMatchObject({ role: 'operator' });
  });
});

describe('keys', () => {
  test('may no more than their account, and end by their day', async () => {
    const { access, pass } = await withAda();
    const epoch = (await access.accounts.find('ada'))?.epoch ?? 0;
    const { key, id } = await access.keys.make('ada', epoch, { role: 'operator', days: 2 });
    expect(key).toMatch(/^ff_[0-9a-f]{24}\.[\w-]{43}$/);
    expect(await access.callerOf({ bearer: key })).toMatchObject({ kind: 'key', role: 'operator' });
    await access.accounts.put('ada', { roles: { main: 'viewer' } });
    expect(await access.callerOf({ bearer: key })).toMatchObject({ role: 'viewer' });
    expect(await access.callerOf({ bearer: `${key}x` })).toBeUndefined();
    expect(await access.keys.list('ada')).toMatchObject([{ id, account: 'ada' }]);
    expect(JSON.stringify(await access.keys.list())).not.toContain(key.split('.')[1]);
    pass(2 * 86_400_000);
    expect(await access.callerOf({ bearer: key })).toBeUndefined();
  });
});

describe('the owner of the data folder', () => {
  test('is known by the token in it', async () => {
    const { access } = openAccess();
    expect(await access.callerOf({ bearer: OWNER_TOKEN })).toMatchObject({ role: 'admin' });
    expect(await access.callerOf({ bearer: OWNER_TOKEN.slice(1) })).toBeUndefined();
    expect(await access.callerOf({})).toBeUndefined();
  });

  test('opens a page by a link, once', async () => {
    const { access } = openAccess();
    const link = access.newLink();
    const cookie = await access.openLink(link);
    expect(await access.callerOf({ cookie: cookie ?? '' })).toMatchObject({ kind: 'owner' });
    expect(await access.openLink(link)).toBeUndefined();
    expect(await access.openLink('')).toBeUndefined();
  });
});
