/** How often passwords may be tried: more and more slowly, and never locked for good, as that would lock out the owner. */

export interface TryPolicy {
  /** So many at once. */
  readonly free: number;
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  /** Tries are forgotten after so long without one. */
  readonly forgetMs: number;
}

export interface Tries {
  readonly count: number;
  readonly lastAt: number;
}

/** One name from one address; an address, whatever the name; a name, from wherever. */
export const tryPolicies = {
  pair: { free: 5, delayMsMin: 1_000, delayMsMax: 900_000, forgetMs: 3_600_000 },
  address: { free: 20, delayMsMin: 1_000, delayMsMax: 300_000, forgetMs: 3_600_000 },
  name: { free: 100, delayMsMin: 1_000, delayMsMax: 5_000, forgetMs: 3_600_000 },
} as const satisfies Record<string, TryPolicy>;

export type TryDecision =
  | { readonly kind: 'try'; readonly tries: Tries }
  | { readonly kind: 'wait'; readonly waitMs: number };

/** The try is counted before it is made, so that many at once do not all count as the first. */
export function decideTry(policy: TryPolicy, tries: Tries | undefined, now: number): TryDecision {
  const isFresh = tries === undefined || now - tries.lastAt >= policy.forgetMs;
  const count = isFresh ? 0 : tries.count;
  if (!isFresh && count >= policy.free) {
    const doubled = policy.delayMsMin * 2 ** Math.min(30, count - policy.free);
    const waitMs = tries.lastAt + Math.min(policy.delayMsMax, doubled) - now;
    if (waitMs > 0) return { kind: 'wait', waitMs };
  }
  return { kind: 'try', tries: { count: count + 1, lastAt: now } };
}
