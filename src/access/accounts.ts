/** Accounts: names with a password and roles. */
import {
  type AccountRequest,
  type AccountView,
  PASSWORD_MAX,
  PASSWORD_MIN,
} from '../contract/access.ts';
import { Problem } from '../contract/problem.ts';
import { type Held, recordsOf } from '../engine/records.ts';
import type { AccessPorts, Account, Place } from './items.ts';
import { kinds } from './items.ts';
import type { Passwords } from './passwords.ts';

export interface Accounts {
  find(name: string): Promise<Account | undefined>;
  list(): Promise<readonly AccountView[]>;
  show(name: string): Promise<AccountView>;
  /** Makes or changes it. A new password ends all that was signed in by the old one. */
  put(name: string, request: AccountRequest): Promise<AccountView>;
  remove(name: string): Promise<void>;
  /** Ends all its sign-ins and keys. */
  signOut(name: string): Promise<void>;
}

const unknown = (name: string): Problem =>
  new Problem('account-unknown', `there is no account ${name.slice(0, 128)}`);

const viewOf = (name: string, { roles, createdAt }: Account): AccountView => ({
  name,
  roles,
  createdAt,
});

export function createAccounts(ports: AccessPorts, place: Place, passwords: Passwords): Accounts {
  const records = recordsOf<Account>(ports, place, kinds.account);
  const { clock } = ports;

  async function changed(name: string, next: (before: Account) => Account): Promise<Account> {
    const after = await records.change(name, (before) => before && next(before));
    if (after === undefined) throw unknown(name);
    return after;
  }

  return {
    find: async (name) => (await records.find(name))?.data,
    async list() {
      return (await records.all()).map(({ id, data }: Held<Account>) => viewOf(id, data));
    },
    async show(name) {
      const found = await records.find(name);
      if (found === undefined) throw unknown(name);
      return viewOf(name, found.data);
    },
    async put(name, { password: given, roles }) {
      if (given !== undefined) checkPassword(name, given);
      const password = given === undefined ? undefined : await passwords.hash(given);
      const now = clock.now();
      const after = await records.change(name, (before) => {
        const kept = password ?? before?.password;
        if (kept === undefined)
          throw new Problem('account-invalid', `the new account ${name} needs a password`);
        return {
          password: kept,
          roles: roles ?? before?.roles ?? {},
          epoch: password === undefined && before ? before.epoch : later(before, now),
          createdAt: before?.createdAt ?? now,
        };
      });
      return viewOf(name, after as Account);
    },
    async remove(name) {
      if (!(await records.remove(name))) throw unknown(name);
    },
    async signOut(name) {
      await changed(name, (before) => ({ ...before, epoch: later(before, clock.now()) }));
    },
  };
}

/** Above all before, also those of an account of the same name that was removed. */
const later = (before: Account | undefined, now: number): number =>
  Math.max(now, (before?.epoch ?? 0) + 1);

/** Refuses what who guesses tries first; nothing is asked of the kinds of letters. */
export function checkPassword(name: string, password: string): void {
  if (password.length < PASSWORD_MIN || password.length > PASSWORD_MAX)
    throw new Problem(
      'account-invalid',
      `a password has ${PASSWORD_MIN} to ${PASSWORD_MAX} characters`,
    );
  const plain = password.toLowerCase();
  const own = name.split(/[^a-z0-9]+/).filter((word) => word.length > 2);
  const left = own.reduce((text, word) => text.replaceAll(word, ''), plain);
  const isWeak =
    new Set(plain).size < 5 ||
    left.length < 6 ||
    /^(?:0123|1234|abcd|qwert|password|passwort|letmein|fanfold)[\w!.]{0,12}$/.test(plain);
  if (isWeak)
    throw new Problem(
      'account-invalid',
      'this password is easily guessed; take several words that do not belong together',
    );
}
