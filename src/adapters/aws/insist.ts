import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import { Unavailable } from '../../ports/table.ts';

/** How often, and at what distance, a call that failed is made again. */
export interface Patience {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: Random;
  /** Default: 8. */
  readonly triesMax?: number;
  /** Default: 25 ms. */
  readonly firstMs?: number;
  /** Default: 2 s. */
  readonly mostMs?: number;
}

/**
 * What a failure says of the call. `refused`: it was not applied. `unclear`: it may have been. Both may work later.
 * `final`: it never will.
 */
export type Verdict = 'refused' | 'unclear' | 'final';

const refusals = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'LimitExceededException',
  'ResourceInUseException',
  'SlowDown',
  'OverLimit',
  'ReplicatedWriteConflictException',
  'TransactionConflictException',
  'ExpiredTokenException',
  'ExpiredToken',
  'CredentialsProviderError',
]);

const silences = new Set([
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'AbortError',
]);
const codesOfSilence = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

const serverError = 500;

interface Failed {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

export function verdictOn(error: unknown): Verdict {
  const { name = '', code = '', $metadata } = (error ?? {}) as Failed;
  if (refusals.has(name)) return 'refused';
  if (silences.has(name) || codesOfSilence.has(code)) return 'unclear';
  return ($metadata?.httpStatusCode ?? 0) >= serverError ? 'unclear' : 'final';
}

/**
 * Makes the call until it is answered. `mayBeDone` tells it that an earlier try may have been applied after all.
 *
 * The SDK's own tries are switched off: they hide from the caller that there were several, and then one's own write
 * looks like somebody else's. Full jitter: the pause is uniform in [0, cap), so that those who were refused together
 * do not come back together.
 */
export async function insist<T>(
  patience: Patience,
  what: string,
  call: (mayBeDone: boolean) => Promise<T>,
): Promise<T> {
  const { triesMax = 8 } = patience;
  let mayBeDone = false;
  for (let tries = 1; ; tries++) {
    try {
      return await call(mayBeDone);
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict === 'final') throw error;
      mayBeDone ||= verdict === 'unclear';
      if (tries >= triesMax) throw new Unavailable(`${what}: ${textOf(error)}, ${tries} times`);
      await pause(patience, tries);
    }
  }
}

/** The pause after so many tries. */
export function pause(patience: Patience, tries: number): Promise<void> {
  const { clock, random, firstMs = 25, mostMs = 2000 } = patience;
  return clock.sleep(Math.floor(random.next() * Math.min(mostMs, firstMs * 2 ** tries)));
}

function textOf(error: unknown): string {
  const { name, message } = (error ?? {}) as Failed;
  return [name, message].filter(Boolean).join(': ') || String(error);
}
