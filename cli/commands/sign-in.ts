/** Signing in to a server, and out again. */
import type { CallerView, Tokens } from '../../src/contract/access.ts';
import { Problem } from '../../src/contract/problem.ts';
import { type Act, text } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { openServer } from '../servers.ts';
import { keep, keptFor } from '../sign-in-store.ts';

export const login: Act = async (context, _args, options) => {
  const { shell } = context;
  const server = await openServer(context);
  const name = text(options.user) ?? shell.env.USER;
  if (name === undefined) throw new Problem('input-invalid', 'say who you are: --user NAME');
  const password = await shell.secret(`password of ${name} at ${server.url}: `);
  const body = { name, password };
  const call = { method: 'POST', path: '/v1/sessions', body, repeatable: false } as const;
  const tokens = (await server.call(call)) as Tokens;
  keep(shell.env, server.url, { ...tokens, name }, text(options.as));
  context.sayJson({ url: server.url, name });
  context.say(`signed in to ${server.url} as ${name}`);
  return exitCodes.succeeded;
};

export const logout: Act = async (context, _args, options) => {
  const { shell } = context;
  const server = await openServer(context);
  const path = options.everywhere === true ? '/v1/sessions' : '/v1/sessions/current';
  const kept = keptFor(shell.env, server.url);
  if (kept === undefined && options.everywhere !== true)
    throw new Problem('not-signed-in', `you are not signed in to ${server.url}`);
  await server.call({ method: 'DELETE', path, repeatable: true });
  keep(shell.env, server.url, undefined);
  context.sayJson({ url: server.url });
  context.say(`signed out of ${server.url}`);
  return exitCodes.succeeded;
};

export const whoami: Act = async (context) => {
  const server = await openServer(context);
  const me = (await server.call({ method: 'GET', path: '/v1/me', repeatable: true })) as CallerView;
  context.sayJson(me);
  context.say(`${me.name}, ${me.role ?? 'without a role'} in ${me.namespace}`);
  return exitCodes.succeeded;
};

/** A new address that signs a browser in; the one before is good for one browser only. */
export const link: Act = async (context) => {
  const server = await openServer(context);
  const made = await server.call({ method: 'POST', path: '/v1/links', repeatable: true });
  context.sayJson(made);
  context.say((made as { readonly url: string }).url);
  return exitCodes.succeeded;
};
