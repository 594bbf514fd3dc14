/** Who may call this server. */
import { join } from 'node:path';
import { type Access, createAccess } from '../access/access.ts';
import { type Audit, createAudit } from '../access/audit.ts';
import type { AccessPorts, Place } from '../access/items.ts';
import type { AppOptions } from '../api/app.ts';
import { AccountName, isAtLeast, type Roles } from '../contract/access.ts';
import { Problem } from '../contract/problem.ts';
import { ownerToken } from './server-file.ts';

export interface SignInOptions {
  readonly dataFolder: string;
  readonly host?: string | undefined;
  /** Made when there is no account yet. */
  readonly firstAdmin?: { readonly name: string; readonly password: string } | undefined;
}

export interface OpenedSignIn {
  readonly access: Access;
  readonly audit: Audit;
  readonly token: string;
  readonly guard: NonNullable<AppOptions['guard']>;
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);

/** Beyond this machine nobody gets in without an account, so there must be one. */
export async function openSignIn(
  ports: AccessPorts,
  place: Place,
  { dataFolder, host = '127.0.0.1', firstAdmin }: SignInOptions,
): Promise<OpenedSignIn> {
  const token = ownerToken(dataFolder);
  if (token.length < 32)
    throw new Problem(
      'data-damaged',
      `${join(dataFolder, 'token')} holds no token; remove it, and start again`,
    );
  const access = createAccess(ports, place, { ownerToken: token });
  const accounts = await access.accounts.list();
  if (firstAdmin !== undefined && accounts.length === 0) {
    const name = AccountName.safeParse(firstAdmin.name);
    if (!name.success)
      throw new Problem('account-invalid', `${firstAdmin.name}: ${name.error.issues[0]?.message}`);
    const { password } = firstAdmin;
    await access.accounts.put(name.data, { password, roles: { '*': 'admin' } });
  } else if (!isLoopback(host) && !accounts.some(({ roles }) => mayManage(roles, place))) {
    throw new Problem(
      'not-allowed',
      `a server on ${host} is open to others and needs an account first: \`npx fanfold users add NAME --role admin\`, or FANFOLD_ADMIN_NAME and FANFOLD_ADMIN_PASSWORD`,
    );
  }
  const audit = createAudit(ports, place);
  return { access, audit, token, guard: { hosts: isLoopback(host) ? 'loopback' : 'any' } };
}

const mayManage = (roles: Roles, { namespace }: Place): boolean =>
  [roles[namespace], roles['*']].some((role) => isAtLeast(role, 'admin'));
