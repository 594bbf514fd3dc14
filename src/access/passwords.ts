/** Passwords as they are kept: by scrypt, whose cost lies beside each hash, so that it can rise later. */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { Unavailable } from '../ports/table.ts';

export interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** One of those that OWASP takes as equal: 16 MiB, and a tenth to a fifth of a second. */
const usualCost: Cost = { N: 2 ** 14, r: 8, p: 5 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** So many at a time, so that a flood of sign-ins takes neither all memory nor all threads. */
const AT_ONCE = 2;
const WAITING_MAX = 64;

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(act: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (waiting.length >= WAITING_MAX)
      throw new Unavailable('too many sign-ins at once; try again in a moment');
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running++;
  try {
    return await act();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The same password may be typed as different code points.
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

export interface Passwords {
  hash(password: string): Promise<string>;
  /** `stored`: undefined when there is no such account; then the answer is no, and takes as long. */
  is(stored: string | undefined, tried: string): Promise<boolean>;
}

const textOf = ({ N, r, p }: Cost, salt: string, key: string): string =>
  ['scrypt', N, r, p, salt, key].join('$');

export function createPasswords(cost: Cost = usualCost): Passwords {
  const nobody = textOf(cost, 'A'.repeat(22), 'A'.repeat(43));
  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES);
      const key = await inTurn(() => derive(password, salt, cost));
      return textOf(cost, salt.toString('base64url'), key.toString('base64url'));
    },
    async is(stored, tried) {
      const [, N, r, p, salt = '', key = ''] = (stored ?? nobody).split('$');
      const options = { N: Number(N), r: Number(r), p: Number(p) };
      const made = await inTurn(() => derive(tried, Buffer.from(salt, 'base64url'), options));
      return timingSafeEqual(made, Buffer.from(key, 'base64url')) && stored !== undefined;
    },
  };
}
