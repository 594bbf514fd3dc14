/** Words of schedules: when runs start, and what becomes of starts that were missed or that meet another one. */
import * as z from 'zod';

export const dstPolicies = ['once', 'skip', 'both'] as const;

/** Instants are epoch ms. Exactly one of `cron`, `everyMs` and `at`. */
export const Timing = z.strictObject({
  /** Five fields, or six with seconds first, or a macro such as `@daily`. */
  cron: z.string().min(1).max(1024).optional(),
  /** Counted from `start`, or from when the schedule was made. */
  everyMs: z.number().optional(),
  /** Once, at this instant. */
  at: z.number().optional(),
  /** IANA name. Default: UTC. */
  timezone: z.string().max(128).optional(),
  /** What becomes of times of day that a change of the clocks leaves out, or brings twice. Default: `once`. */
  dst: z.enum(dstPolicies).optional(),
  /** No slot is before. */
  start: z.number().optional(),
  /** No slot is then or later. */
  end: z.number().optional(),
  /** Days on which nothing is due: `2026-12-25`, `2026-12-24..2027-01-02`, `12-25` each year, `sat`. */
  exclude: z.array(z.string().max(64)).max(1000).optional(),
  /** Each run starts up to so much later, by chance. */
  jitterMs: z.number().optional(),
});
export type Timing = z.infer<typeof Timing>;
