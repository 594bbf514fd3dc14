/** Secrets that tasks are given by name. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Problem } from '../../src/contract/problem.ts';
import type { SecretView } from '../../src/contract/secrets.ts';
import { type Act, required, text } from '../command.ts';
import type { Context } from '../context.ts';
import { withServer } from '../servers.ts';

const pathOf = (name: string): string => `/v1/secrets/${encodeURIComponent(name)}`;

/** Never an argument: those can be read by everybody on the machine. */
async function readValue({ shell }: Context, name: string, file: string | undefined) {
  if (file === undefined) return shell.secret(`value of ${name}: `);
  try {
    return readFileSync(resolve(shell.cwd, file), 'utf8');
  } catch (error) {
    throw new Problem('file-unreadable', `${file}: ${(error as Error).message}`);
  }
}

export const set: Act = async (context, args, options) => {
  const name = required(args, 0);
  const value = await readValue(context, name, text(options.file));
  return withServer(context, async (server) => {
    const call = { method: 'PUT', path: pathOf(name), body: { value }, repeatable: true } as const;
    context.sayJson(await server.call(call));
    context.say(`set ${name}`);
  });
};

export const list: Act = async (context) =>
  withServer(context, async (server) => {
    const call = { method: 'GET', path: '/v1/secrets', repeatable: true } as const;
    const page = (await server.call(call)) as { readonly items: readonly SecretView[] };
    context.sayJson(page);
    for (const { name, updatedAt } of page.items)
      context.say(`${name}  ${new Date(updatedAt).toISOString()}`);
  });

export const remove: Act = async (context, args) =>
  withServer(context, async (server) => {
    const name = required(args, 0);
    await server.call({ method: 'DELETE', path: pathOf(name), repeatable: false });
    context.say(`removed ${name}`);
    context.sayJson({ removed: name });
  });
