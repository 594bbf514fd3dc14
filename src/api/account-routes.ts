/** Routes of accounts and keys. */
import { AccountName, AccountRequest, ApiKeyRequest, isAtLeast } from '../contract/access.ts';
import { Problem } from '../contract/problem.ts';
import { accessOf, ownAccount, row } from './access-row.ts';
import { parseWith } from './problem-response.ts';
import { type Call, json, type Route } from './route.ts';

const nameOf = (call: Call): string => {
  const parsed = AccountName.safeParse(call.param('name'));
  if (parsed.success) return parsed.data;
  throw new Problem('account-invalid', parsed.error.issues[0]?.message ?? 'no name');
};

async function putAccount(call: Call): Promise<Response> {
  const request = parseWith(AccountRequest, call.body, 'the body');
  return json(await accessOf(call).accounts.put(nameOf(call), request));
}

async function makeKey(call: Call): Promise<Response> {
  const access = accessOf(call);
  const request = parseWith(ApiKeyRequest, call.body ?? {}, 'the body');
  const name = ownAccount(call);
  const account = await access.accounts.find(name);
  if (account === undefined) throw new Problem('account-unknown', `there is no account ${name}`);
  const most = request.role ?? call.caller.role;
  // A key makes no key that may more than it.
  if (most !== undefined && !isAtLeast(call.caller.role, most))
    throw new Problem('not-allowed', `${name} may not give the role ${most}`);
  const made = { ...request, ...(most !== undefined && { role: most }) };
  return json(await access.keys.make(name, account.epoch, made), 201);
}

const isAdmin = ({ caller }: Call): boolean => isAtLeast(caller.role, 'admin');

async function listKeys(call: Call): Promise<Response> {
  const account = isAdmin(call) ? undefined : ownAccount(call);
  return json({ items: await accessOf(call).keys.list(account), next: null });
}

async function removeKey(call: Call): Promise<Response> {
  const account = isAdmin(call) ? undefined : ownAccount(call);
  await accessOf(call).keys.remove(call.param('id'), account);
  return json({});
}

const done = async (act: Promise<unknown>): Promise<Response> => {
  await act;
  return json({});
};

const users: readonly Route[] = [
  row({
    op: 'listUsers',
    right: 'admin',
    method: 'GET',
    path: '/v1/users',
    summary: 'All accounts, by name.',
    answer: 'PageOfAccountView',
    handle: async (call) => json({ items: await accessOf(call).accounts.list(), next: null }),
  }),
  row({
    op: 'getUser',
    right: 'admin',
    method: 'GET',
    path: '/v1/users/:name',
    summary: 'One account.',
    answer: 'AccountView',
    handle: async (call) => json(await accessOf(call).accounts.show(nameOf(call))),
  }),
  row({
    op: 'putUser',
    right: 'admin',
    method: 'PUT',
    path: '/v1/users/:name',
    summary: 'Makes an account, or changes its password or its roles.',
    body: ['AccountRequest', AccountRequest],
    answer: 'AccountView',
    handle: putAccount,
  }),
  row({
    op: 'removeUser',
    right: 'admin',
    method: 'DELETE',
    path: '/v1/users/:name',
    summary: 'Removes an account; its sign-ins and keys end.',
    answer: 'Nothing',
    handle: async (call) => done(accessOf(call).accounts.remove(nameOf(call))),
  }),
  row({
    op: 'signOutUser',
    right: 'admin',
    method: 'POST',
    path: '/v1/users/:name/sign-out',
    summary: 'Ends all sign-ins and keys of an account.',
    answer: 'Nothing',
    handle: async (call) => done(accessOf(call).accounts.signOut(nameOf(call))),
  }),
];

const keys: readonly Route[] = [
  row({
    op: 'listKeys',
    right: 'signed-in',
    method: 'GET',
    path: '/v1/tokens',
    summary: 'API keys of the caller; of all accounts, for an admin.',
    answer: 'PageOfApiKeyView',
    handle: listKeys,
  }),
  row({
    op: 'makeKey',
    right: 'signed-in',
    method: 'POST',
    path: '/v1/tokens',
    summary: 'Makes an API key of the caller’s account. Its text is in this answer only.',
    status: 201,
    body: ['ApiKeyRequest', ApiKeyRequest, true],
    answer: 'ApiKey',
    handle: makeKey,
  }),
  row({
    op: 'removeKey',
    right: 'signed-in',
    method: 'DELETE',
    path: '/v1/tokens/:id',
    summary: 'Ends an API key.',
    answer: 'Nothing',
    handle: removeKey,
  }),
];

export const accountRoutes: readonly Route[] = [...users, ...keys];
