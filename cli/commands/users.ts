/** Accounts and keys. */
import type { AccountView, ApiKeyView } from '../../src/contract/access.ts';
import { type Act, number, optional, required, text } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openServer, withServer } from '../servers.ts';

const NAMESPACE = 'main';

const pathOf = (name: string): string => `/v1/users/${encodeURIComponent(name)}`;

const lineOf = ({ name, roles }: AccountView): string =>
  [name, ...Object.entries(roles).map(([namespace, role]) => `${namespace}:${role}`)].join('  ');

const rolesOf = (options: Parameters<Act>[2]) => {
  const role = text(options.role);
  return role === undefined ? {} : { roles: { [text(options.namespace) ?? NAMESPACE]: role } };
};

async function put(context: Context, name: string, body: object): Promise<number> {
  return withServer(context, async (server) => {
    const call = { method: 'PUT', path: pathOf(name), body, repeatable: true } as const;
    const account = (await server.call(call)) as AccountView;
    context.sayJson(account);
    context.say(lineOf(account));
  });
}

export const add: Act = async (context, args, options) => {
  const name = required(args, 0);
  const password = await context.shell.secret(`new password of ${name}: `);
  return put(context, name, { password, ...rolesOf({ role: 'viewer', ...options }) });
};

export const change: Act = async (context, args, options) => {
  const name = required(args, 0);
  const password =
    options.password === true ? await context.shell.secret(`new password of ${name}: `) : undefined;
  return put(context, name, { ...optional('password', password), ...rolesOf(options) });
};

export const remove: Act = async (context, args) =>
  withServer(context, async (server) => {
    const path = pathOf(required(args, 0));
    await server.call({ method: 'DELETE', path, repeatable: false });
    context.say(`removed ${required(args, 0)}`);
    context.sayJson({ removed: required(args, 0) });
  });

export const list: Act = async (context) =>
  withServer(context, async (server) => {
    const page = (await server.call({ method: 'GET', path: '/v1/users', repeatable: true })) as {
      readonly items: readonly AccountView[];
    };
    context.sayJson(page);
    for (const account of page.items) context.say(lineOf(account));
  });

export const listKeys: Act = async (context) => {
  const server = await openServer(context);
  const page = (await server.call({ method: 'GET', path: '/v1/tokens', repeatable: true })) as {
    readonly items: readonly ApiKeyView[];
  };
  context.sayJson(page);
  for (const { id, account, role, expiresAt, note } of page.items) {
    const until = new Date(expiresAt).toISOString().slice(0, 10);
    context.say([id, account, role ?? '', until, note ?? ''].join('  ').trimEnd());
  }
  return exitCodes.succeeded;
};

export const addKey: Act = async (context, _args, options) => {
  const server = await openServer(context);
  const body = {
    ...optional('role', text(options.role)),
    ...optional('note', text(options.note)),
    ...optional('days', number(options.days)),
  };
  const call = { method: 'POST', path: '/v1/tokens', body, repeatable: false } as const;
  const made = (await server.call(call)) as { readonly key: string };
  context.sayJson(made);
  context.note('keep it: it is shown only now');
  context.say(made.key);
  return exitCodes.succeeded;
};

export const removeKey: Act = async (context, args) => {
  const server = await openServer(context);
  const path = `/v1/tokens/${encodeURIComponent(required(args, 0))}`;
  await server.call({ method: 'DELETE', path, repeatable: false });
  context.sayJson({ removed: required(args, 0) });
  context.say(`ended ${required(args, 0)}`);
  return exitCodes.succeeded;
};
