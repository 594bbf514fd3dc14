/** The keys that access tokens are signed by: made when first needed, followed by new ones, and known a while longer. */
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type KeyObject,
} from 'jose';
import { asData, fromData } from '../engine/items.ts';
import { type AccessPorts, type Place, signingKeysPartition } from './items.ts';
import { newId } from './secrets.ts';

export const algorithm = 'EdDSA';
const DAY_MS = 86_400_000;
const SIGNS_MS = 30 * DAY_MS;
/** Longer than any token lives. */
const STAYS_MS = SIGNS_MS + DAY_MS;

interface Stored {
  readonly jwk: JWK;
  readonly createdAt: number;
}

type Key = CryptoKey | KeyObject | Uint8Array;

export interface SigningKey {
  readonly id: string;
  readonly createdAt: number;
  readonly secret: Key;
  readonly open: Key;
}

export interface SigningKeys {
  current(): Promise<SigningKey>;
  /** Undefined: there is none of that id, or no longer. */
  find(id: string): Promise<SigningKey | undefined>;
}

export function createSigningKeys({ table, clock }: AccessPorts, place: Place): SigningKeys {
  const partition = signingKeysPartition(place);
  let known: readonly SigningKey[] = [];

  async function load(): Promise<void> {
    const { items } = await table.query({ partition });
    const stored = items.map(({ sort, data }) => ({ id: sort, ...fromData<Stored>(data) }));
    known = await Promise.all(stored.map(({ id, jwk, createdAt }) => opened(id, jwk, createdAt)));
  }

  const usable = (): SigningKey | undefined =>
    known
      .filter(({ createdAt }) => clock.now() - createdAt < SIGNS_MS)
      .sort((a, b) => b.createdAt - a.createdAt)[0];

  async function make(): Promise<SigningKey> {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const stored: Stored = { jwk: await exportJWK(privateKey), createdAt: clock.now() };
    const id = newId();
    const expiresAt = stored.createdAt + STAYS_MS;
    const item = { partition, sort: id, version: 1, data: asData(stored), expiresAt };
    await table.put(item, 'absent');
    const made = await opened(id, stored.jwk, stored.createdAt);
    known = [...known, made];
    return made;
  }

  return {
    async current() {
      if (usable() === undefined) await load();
      return usable() ?? make();
    },
    async find(id) {
      if (!known.some((key) => key.id === id)) await load();
      return known.find((key) => key.id === id && clock.now() - key.createdAt < STAYS_MS);
    },
  };
}

async function opened(id: string, jwk: JWK, createdAt: number): Promise<SigningKey> {
  const { d: _, ...open } = jwk;
  return {
    id,
    createdAt,
    secret: await importJWK(jwk, algorithm),
    open: await importJWK(open, algorithm),
  };
}
