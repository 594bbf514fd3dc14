/** Keys for programs: `ff_<id>.<secret>`. Only a hash of the secret is kept. */
import type { ApiKeyRequest, ApiKeyView } from '../contract/access.ts';
import { Problem } from '../contract/problem.ts';
import { recordsOf } from '../engine/records.ts';
import type { AccessPorts, Place, StoredApiKey } from './items.ts';
import { kinds } from './items.ts';
import { hashOf, isSame, joinToken, newId, newSecret, splitToken } from './secrets.ts';

export const keyPrefix = 'ff_';
const DAY_MS = 86_400_000;

export interface ApiKeys {
  make(
    account: string,
    epoch: number,
    request: ApiKeyRequest,
  ): Promise<ApiKeyView & { readonly key: string }>;
  find(text: string): Promise<StoredApiKey | undefined>;
  /** `account`: only those of it. */
  list(account?: string): Promise<readonly ApiKeyView[]>;
  remove(id: string, account?: string): Promise<void>;
}

const viewOf = (id: string, key: StoredApiKey): ApiKeyView => ({
  id,
  account: key.account,
  ...(key.note !== undefined && { note: key.note }),
  ...(key.role !== undefined && { role: key.role }),
  createdAt: key.createdAt,
  expiresAt: key.expiresAt,
});

export function createApiKeys(ports: AccessPorts, place: Place): ApiKeys {
  const records = recordsOf<StoredApiKey>(ports, place, kinds.apiKey);
  const { clock } = ports;
  return {
    async make(account, epoch, { note, role, days }) {
      const [id, secret, createdAt] = [newId(), newSecret(), clock.now()];
      const stored: StoredApiKey = {
        account,
        epoch,
        hash: hashOf(secret),
        ...(note !== undefined && { note }),
        ...(role !== undefined && { role }),
        createdAt,
        expiresAt: createdAt + days * DAY_MS,
      };
      await records.change(id, () => stored, stored.expiresAt);
      return { ...viewOf(id, stored), key: joinToken(id, secret, keyPrefix) };
    },
    async find(text) {
      const given = splitToken(text, keyPrefix);
      const stored = given && (await records.find(given.id))?.data;
      if (given === undefined || stored === undefined || stored.expiresAt <= clock.now())
        return undefined;
      return isSame(hashOf(given.secret), stored.hash) ? stored : undefined;
    },
    async list(account) {
      const all = (await records.all()).map(({ id, data }) => viewOf(id, data));
      return all.filter((key) => account === undefined || key.account === account);
    },
    async remove(id, account) {
      const found = (await records.find(id))?.data;
      if (found === undefined || (account !== undefined && found.account !== account))
        throw new Problem('key-unknown', `there is no key ${id.slice(0, 64)}`);
      await records.remove(id);
    },
  };
}
