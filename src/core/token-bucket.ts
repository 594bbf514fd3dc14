/** `count` tokens in `perMs`; up to `burst` of them at once. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
  readonly burst?: number | undefined;
}

/** How full a bucket is, as the time (epoch ms, may be a fraction) when it will be full again. */
export interface Bucket {
  readonly fullAt: number;
}

export type Tokens =
  | { readonly kind: 'granted'; readonly at: number; readonly bucket: Bucket }
  /** Not before `at`, which is beyond the horizon. */
  | { readonly kind: 'later'; readonly at: number };

/**
 * Takes `units` tokens, for the first time from `now` on when they are there, if that is not after `horizon`. In any window
 * of length w no more than `burst + w * count / perMs` are granted, since who takes more waits till that many came back.
 */
export function takeTokens(
  { count, perMs, burst = 1 }: Rate,
  bucket: Bucket | undefined,
  units: number,
  now: number,
  horizon: number,
): Tokens {
  const tokenMs = perMs / count;
  const fullAt = bucket?.fullAt ?? 0;
  const exact = Math.max(now, fullAt + (units - Math.max(burst, units)) * tokenMs);
  const at = Math.ceil(exact);
  if (at > horizon) return { kind: 'later', at };
  return { kind: 'granted', at, bucket: { fullAt: Math.max(at, fullAt) + units * tokenMs } };
}
