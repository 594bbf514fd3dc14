/** Routes of sign-in. */
import { type SignedIn, viewOfCaller } from '../access/access.ts';
import { SIGN_IN_MS } from '../access/sign-ins.ts';
import { PasswordRequest, RefreshRequest, SignInRequest } from '../contract/access.ts';
import { Problem } from '../contract/problem.ts';
import { accessOf, ownAccount, row } from './access-row.ts';
import { accountRoutes } from './account-routes.ts';
import { HttpRefusal, parseWith } from './problem-response.ts';
import { type Call, json, type Route } from './route.ts';
import { setCookie } from './who.ts';

export const waitFirst = (waitMs: number): HttpRefusal => {
  const seconds = Math.ceil(waitMs / 1000);
  return new HttpRefusal('too-many-tries', `too many tries; the next one in ${seconds} s`, {
    'retry-after': String(seconds),
  });
};

/** The same words for an unknown name and a wrong password. */
export const refusedSignIn = (): Problem =>
  new Problem('sign-in-refused', 'the name or the password is wrong');

export function signedInOrThrow(
  signedIn: SignedIn,
): Extract<SignedIn, { kind: 'tokens' | 'cookie' }> {
  if (signedIn.kind === 'wait') throw waitFirst(signedIn.waitMs);
  if (signedIn.kind === 'refused') throw refusedSignIn();
  return signedIn;
}

async function signIn(call: Call): Promise<Response> {
  const request = parseWith(SignInRequest, call.body, 'the body');
  const signedIn = signedInOrThrow(await accessOf(call).signIn(request, call.from));
  if (signedIn.kind === 'tokens') return json(signedIn.tokens, 201);
  const cookie = setCookie(call.request, signedIn.cookie, SIGN_IN_MS);
  return json({}, 201, { 'set-cookie': cookie });
}

async function refresh(call: Call): Promise<Response> {
  const { refreshToken } = parseWith(RefreshRequest, call.body, 'the body');
  const refreshed = await accessOf(call).refresh(refreshToken);
  if (refreshed.kind === 'tokens') return json(refreshed.tokens);
  if (refreshed.kind === 'refused')
    throw new Problem('not-signed-in', 'this sign-in has ended; sign in again');
  throw new Problem(
    'token-reused',
    'this refresh token was used before, so its sign-in has ended: somebody else may have it; sign in again',
  );
}

async function signOut(call: Call): Promise<Response> {
  await accessOf(call).signOut(call.caller);
  return json({}, 200, { 'set-cookie': setCookie(call.request, undefined, 0) });
}

async function signOutEverywhere(call: Call): Promise<Response> {
  await accessOf(call).accounts.signOut(ownAccount(call));
  return json({}, 200, { 'set-cookie': setCookie(call.request, undefined, 0) });
}

async function changePassword(call: Call): Promise<Response> {
  const { password, next } = parseWith(PasswordRequest, call.body, 'the body');
  const [access, name] = [accessOf(call), ownAccount(call)];
  const answer = await access.confirms(name, password, call.from);
  if (answer === 'no') throw refusedSignIn();
  if (answer !== 'yes') throw waitFirst(answer.waitMs);
  return json(await access.accounts.put(name, { password: next }));
}

async function newLink(call: Call): Promise<Response> {
  const { origin } = new URL(call.request.url);
  return json({ url: `${origin}/open?link=${accessOf(call).newLink()}` }, 201);
}

const sessions: readonly Route[] = [
  row({
    op: 'signIn',
    right: 'anyone',
    method: 'POST',
    path: '/v1/sessions',
    summary: 'Signs in by name and password, for tokens or for a cookie.',
    status: 201,
    body: ['SignInRequest', SignInRequest],
    answer: 'Tokens',
    handle: signIn,
  }),
  row({
    op: 'refreshTokens',
    right: 'anyone',
    method: 'POST',
    path: '/v1/sessions/refresh',
    summary:
      'New tokens for a refresh token, which is good for once: if it comes again later, the sign-in ends.',
    body: ['RefreshRequest', RefreshRequest],
    answer: 'Tokens',
    handle: refresh,
  }),
  row({
    op: 'signOut',
    right: 'signed-in',
    method: 'DELETE',
    path: '/v1/sessions/current',
    summary: 'Ends this sign-in.',
    answer: 'Nothing',
    handle: signOut,
  }),
  row({
    op: 'signOutEverywhere',
    right: 'signed-in',
    method: 'DELETE',
    path: '/v1/sessions',
    summary: 'Ends all sign-ins and keys of the caller’s account.',
    answer: 'Nothing',
    handle: signOutEverywhere,
  }),
  row({
    op: 'makeLink',
    right: 'admin',
    method: 'POST',
    path: '/v1/links',
    summary: 'An address that signs a browser in as the owner, once.',
    status: 201,
    answer: 'Link',
    handle: newLink,
  }),
  row({
    op: 'whoAmI',
    right: 'signed-in',
    method: 'GET',
    path: '/v1/me',
    summary: 'Who calls, and what they may do.',
    answer: 'CallerView',
    handle: async (call) => json(viewOfCaller(call.caller, call.access?.namespace ?? 'main')),
  }),
  row({
    op: 'changePassword',
    right: 'signed-in',
    method: 'PUT',
    path: '/v1/me/password',
    summary: 'Changes the caller’s password, and ends all that was signed in by the old one.',
    body: ['PasswordRequest', PasswordRequest],
    answer: 'AccountView',
    handle: changePassword,
  }),
];

export const accessRoutes: readonly Route[] = [...sessions, ...accountRoutes];
