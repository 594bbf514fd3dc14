/** Who calls, from what a request brings. */
import { type CallerKind, isAtLeast, type Role, type Roles } from '../contract/access.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { Accounts } from './accounts.ts';
import { type ApiKeys, keyPrefix } from './api-keys.ts';
import { isSame } from './secrets.ts';
import type { SignIns } from './sign-ins.ts';

/** Who calls, once that is known. */
export interface Caller {
  readonly kind: CallerKind;
  readonly name: string;
  /** Undefined: none in this namespace. */
  readonly role?: Role;
  /** The sign-in that the call belongs to. */
  readonly signIn?: string;
  /** Came by a cookie, which browsers send by themselves. */
  readonly byCookie?: true;
}

/** Where nobody is asked who they are. */
export const anybody: Caller = { kind: 'open', name: 'anybody', role: 'admin' };

export interface Credentials {
  readonly bearer?: string;
  readonly cookie?: string;
}

const roleIn = (roles: Roles, namespace: string): Role | undefined => {
  const [own, all] = [roles[namespace], roles['*']];
  return all !== undefined && (own === undefined || isAtLeast(all, own)) ? all : own;
};

const lower = (role: Role | undefined, most: Role | undefined): Role | undefined =>
  role !== undefined && most !== undefined && isAtLeast(role, most) ? most : role;

const owner: Caller = { kind: 'owner', name: 'owner', role: 'admin' };

interface Parts {
  readonly namespace: string;
  readonly ownerToken: string | undefined;
  readonly accounts: Accounts;
  readonly keys: ApiKeys;
  readonly signIns: SignIns;
  readonly accessTokens: AccessTokens;
}

export interface Callers {
  /** Undefined: nobody that is known. */
  callerOf(credentials: Credentials): Promise<Caller | undefined>;
  ofAccount(
    kind: CallerKind,
    name: string,
    epoch: number,
    most?: Role,
  ): Promise<Caller | undefined>;
}

export function createCallers(parts: Parts): Callers {
  const { namespace, ownerToken, accounts, keys, signIns, accessTokens } = parts;

  async function ofAccount(kind: CallerKind, name: string, epoch: number, most?: Role) {
    const account = await accounts.find(name);
    if (account === undefined || account.epoch !== epoch) return undefined;
    const role = lower(roleIn(account.roles, namespace), most);
    return { kind, name, ...(role !== undefined && { role }) } satisfies Caller;
  }

  async function ofBearer(bearer: string): Promise<Caller | undefined> {
    if (ownerToken !== undefined && isSame(bearer, ownerToken)) return owner;
    if (bearer.startsWith(keyPrefix)) {
      const key = await keys.find(bearer);
      return key && ofAccount('key', key.account, key.epoch, key.role);
    }
    const claims = await accessTokens.read(bearer);
    if (claims === undefined || !(await signIns.isOpen(claims.signIn))) return undefined;
    const caller = await ofAccount('account', claims.account, claims.epoch);
    return caller && { ...caller, signIn: claims.signIn };
  }

  async function ofCookie(cookie: string): Promise<Caller | undefined> {
    const found = await signIns.ofCookie(cookie);
    if (found === undefined) return undefined;
    const { account, epoch } = found.signIn;
    const known = account === undefined ? owner : await ofAccount('account', account, epoch);
    return known && { ...known, signIn: found.id, byCookie: true };
  }

  return {
    ofAccount,
    async callerOf({ bearer, cookie }) {
      if (bearer !== undefined) return ofBearer(bearer);
      return cookie === undefined ? undefined : ofCookie(cookie);
    },
  };
}
