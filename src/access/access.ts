/** Sign-in, as the API sees it. */
import type { CallerView, SignInRequest, Tokens } from '../contract/access.ts';
import { createAccessTokens } from './access-tokens.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { type ApiKeys, createApiKeys } from './api-keys.ts';
import { type Caller, type Callers, createCallers } from './callers.ts';
import type { AccessPorts, Place } from './items.ts';
import { type Cost, createPasswords } from './passwords.ts';
import { hashOf, newSecret } from './secrets.ts';
import { type Begun, createSignIns, type SignIns } from './sign-ins.ts';
import { createTries } from './tries.ts';

export type SignedIn =
  | { readonly kind: 'tokens'; readonly tokens: Tokens }
  | { readonly kind: 'cookie'; readonly cookie: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'wait'; readonly waitMs: number };

export type RefreshedTokens =
  | { readonly kind: 'tokens'; readonly tokens: Tokens }
  | { readonly kind: 'reused' | 'refused' };

export interface Access {
  readonly namespace: string;
  readonly accounts: Accounts;
  readonly keys: ApiKeys;
  readonly callerOf: Callers['callerOf'];
  /** `from`: the address that it comes from. */
  signIn(request: SignInRequest, from: string): Promise<SignedIn>;
  refresh(refreshToken: string): Promise<RefreshedTokens>;
  signOut(caller: Caller): Promise<void>;
  /** Whether this is the account's password; tries are counted as at a sign-in. */
  confirms(
    name: string,
    password: string,
    from: string,
  ): Promise<'yes' | 'no' | { waitMs: number }>;
  /** A secret that gives a page the owner's cookie, once. */
  newLink(): string;
  openLink(link: string): Promise<string | undefined>;
}

export interface AccessOptions {
  /** Who has it may do everything: whoever can read the data folder. */
  readonly ownerToken?: string;
  /** Of hashing a password. */
  readonly passwordCost?: Cost;
}

/** So many links wait to be opened; older ones count no more. */
const LINKS_MAX = 16;

export function createAccess(
  ports: AccessPorts,
  place: Place,
  options: AccessOptions = {},
): Access {
  const passwords = createPasswords(options.passwordCost);
  const accounts = createAccounts(ports, place, passwords);
  const keys = createApiKeys(ports, place);
  const signIns = createSignIns(ports, place);
  const accessTokens = createAccessTokens(ports, place);
  const { mayTry, succeeded } = createTries(ports, place);
  const { namespace } = place;
  const { ownerToken } = options;
  const callers = createCallers({ namespace, ownerToken, accounts, keys, signIns, accessTokens });

  async function tokensFor(account: string, epoch: number, begun: Begun): Promise<Tokens> {
    const claims = { account, epoch, signIn: begun.id };
    const { token, expiresAt } = await accessTokens.issue(claims);
    return { accessToken: token, refreshToken: begun.token, expiresAt };
  }

  async function confirms(name: string, password: string, from: string) {
    const waitMs = await mayTry(name, from);
    if (waitMs > 0) return { waitMs };
    const account = await accounts.find(name);
    if (!(await passwords.is(account?.password, password))) return 'no';
    await succeeded(name, from);
    return 'yes';
  }

  return {
    namespace,
    accounts,
    keys,
    confirms,
    callerOf: callers.callerOf,
    async signIn({ name, password, cookie }, from) {
      const answer = await confirms(name, password, from);
      if (answer === 'no') return { kind: 'refused' };
      if (answer !== 'yes') return { kind: 'wait', ...answer };
      const account = await accounts.find(name);
      if (account === undefined) return { kind: 'refused' };
      const kind = cookie === true ? 'cookie' : 'tokens';
      const begun = await signIns.begin(kind, account.epoch, name);
      return kind === 'cookie'
        ? { kind, cookie: begun.token }
        : { kind, tokens: await tokensFor(name, account.epoch, begun) };
    },
    async refresh(refreshToken) {
      const refreshed = await signIns.refresh(refreshToken);
      if (refreshed.kind !== 'refreshed') return refreshed;
      const { account = '', epoch } = refreshed.signIn;
      if ((await callers.ofAccount('account', account, epoch)) === undefined)
        return { kind: 'refused' };
      return { kind: 'tokens', tokens: await tokensFor(account, epoch, refreshed.begun) };
    },
    async signOut({ signIn }) {
      if (signIn !== undefined) await signIns.end(signIn);
    },
    ...createLinks(signIns),
  };
}

/** Links that open a page as the owner; they live as long as this process. */
function createLinks(signIns: SignIns): Pick<Access, 'newLink' | 'openLink'> {
  const links = new Set<string>();
  return {
    newLink() {
      const link = newSecret();
      links.add(hashOf(link));
      for (const oldest of links) if (links.size > LINKS_MAX) links.delete(oldest);
      return link;
    },
    async openLink(link) {
      return links.delete(hashOf(link)) ? (await signIns.begin('cookie', 0)).token : undefined;
    },
  };
}

export const viewOfCaller = (caller: Caller, namespace: string): CallerView => ({
  kind: caller.kind,
  name: caller.name,
  namespace,
  ...(caller.role !== undefined && { role: caller.role }),
});
