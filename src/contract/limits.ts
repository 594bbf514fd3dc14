import * as z from 'zod';
import { namePattern } from './name.ts';

const Name = z.string().regex(namePattern);

/** `count` in `perMs`, up to `burst` of them at once. */
export const RateLimit = z.strictObject({
  count: z.int().min(1).max(1_000_000),
  perMs: z
    .int()
    .min(1)
    .max(366 * 86_400_000),
  burst: z.int().min(1).max(1_000_000).optional(), // default: 1
});
export type RateLimit = z.infer<typeof RateLimit>;

/** How many may hold a slot of one limit. */
const Slots = z.int().min(1).max(1_000);

/** How many attempts at once, or how often: of all that share the limit. */
export const LimitBounds = z.strictObject({
  /** At once: for each value of the key, or in all when there is no key. */
  max: Slots.optional(),
  /** At once, all values of the key together. */
  sum: Slots.optional(),
  /** How often an attempt may start: for each value of the key. */
  rate: RateLimit.optional(),
});
export type LimitBounds = z.infer<typeof LimitBounds>;

/** A limit that a task is under. */
export const LimitedBy = LimitBounds.extend({
  /** Tasks of a workflow that name the same are under the same one. Default: the task's own. */
  name: Name.optional(),
  /** Any workflow may name it; its bounds are set apart from them. */
  shared: z.literal(true).optional(),
  /** A text with references: each of its values is bounded for itself. */
  key: z.string().min(1).max(1024).optional(),
  /** How many of the rate's tokens an attempt takes. */
  units: z.int().min(1).max(1_000_000).optional(), // default: 1
});
export type LimitedBy = z.infer<typeof LimitedBy>;

/** `key`: of one key; `all`: of all that is under the limit; `rate`: how often. */
export type PlaceKind = 'key' | 'all' | 'rate';

/** Who holds a slot. */
export interface SlotHolderView {
  readonly run: string;
  /** As it is named in its run; a number where that cannot be read. */
  readonly task: string;
  readonly attempt: number;
  /** Epoch ms: when it was granted. */
  readonly since: number;
  /** The runner that is at it. Absent: it is on its way to one. */
  readonly runner?: string;
}

/** What a task waits for. */
export interface WaitView {
  readonly limit: string;
  readonly key?: string;
  readonly kind: PlaceKind;
  readonly max?: number;
  readonly holders: readonly SlotHolderView[];
}
