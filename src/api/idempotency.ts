import { createHash } from 'node:crypto';

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
