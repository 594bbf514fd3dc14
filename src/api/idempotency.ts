import { createHash } from 'node:crypto';
import { Problem } from '../contract/problem.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * The run id that an `Idempotency-Key` stands for: 128 bits of its hash, written as a ULID. So a repeated call is the
 * same run without any record of keys. `part` tells the runs of one call apart.
 */
export function idOfKey(key: string, part = 0): string {
  const hash = createHash('sha256').update(`run\0${key}\0${part}`).digest('hex').slice(0, 32);
  let bits = BigInt(`0x${hash}`);
  let id = '';
  for (let i = 0; i < 26; i++) {
    id = alphabet[Number(bits & 31n)] + id;
    bits >>= 5n;
  }
  return id;
}

const KEY_LENGTH_MAX = 255;

/** The client's name for a call that it may make again. */
export function keyOf(request: Request): string | undefined {
  const key = request.headers.get('idempotency-key');
  if (key === null) return undefined;
  if (key.length > 0 && key.length <= KEY_LENGTH_MAX) return key;
  throw new Problem('body-invalid', `Idempotency-Key must have 1 to ${KEY_LENGTH_MAX} characters`);
}
