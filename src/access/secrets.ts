/** Secrets that we make: long and random, so a plain hash of one is enough to know it again. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;
const ID_BYTES = 12;

export const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');
/** In lower case, so that it is like no other sort key. */
export const newId = (): string => randomBytes(ID_BYTES).toString('hex');
export const idPattern = /^[0-9a-f]{24}$/;

export const hashOf = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url');

/** What follows `secret`: the same each time, and known only to who has both. */
export const successorOf = (seed: string, secret: string): string =>
  createHmac('sha256', seed).update(secret).digest('base64url');

/** In the same time wherever they differ. */
export const isSame = (a: string, b: string): boolean =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());

export interface IdAndSecret {
  readonly id: string;
  readonly secret: string;
}

/** `<id>.<secret>`, after a prefix. */
export function splitToken(text: string, prefix = ''): IdAndSecret | undefined {
  if (!text.startsWith(prefix)) return undefined;
  const [id = '', secret = '', ...more] = text.slice(prefix.length).split('.');
  return more.length === 0 && idPattern.test(id) && secret !== '' ? { id, secret } : undefined;
}
export const joinToken = (id: string, secret: string, prefix = ''): string =>
  `${prefix}${id}.${secret}`;
