/** Keys and shapes in the table of all that has to do with sign-in. */
import type { Role, Roles } from '../contract/access.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { Ports } from '../ports/ports.ts';

export type AccessPorts = Pick<Ports, 'table' | 'clock'>;
export type Place = Pick<EngineSettings, 'namespace' | 'shards'>;

export interface Account {
  readonly password: string;
  readonly roles: Roles;
  /** Raised by all that ends what was signed in before. */
  readonly epoch: number;
  readonly createdAt: number;
}

/** From a sign-in until its end, or until somebody ends it. */
export interface SignIn {
  /** Undefined: the owner of the data folder. */
  readonly account?: string;
  readonly epoch: number;
  readonly kind: 'tokens' | 'cookie';
  /** Of the secret that counts now, and of the one before. */
  readonly hash: string;
  readonly before?: string;
  readonly rotatedAt: number;
  readonly seed: string;
  readonly endsAt: number;
  readonly ended?: true;
}

export interface StoredApiKey {
  readonly account: string;
  readonly epoch: number;
  readonly hash: string;
  readonly note?: string;
  readonly role?: Role;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Names of partitions. */
export const kinds = {
  account: 'ACCOUNTS',
  signIn: 'SIGN-INS',
  apiKey: 'API-KEYS',
  tries: 'TRIES',
} as const;

export const signingKeysPartition = (place: Place): string => `${place.namespace}/SIGNING-KEYS`;
