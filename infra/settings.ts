import { z } from 'zod';
import { lambdaPool, network, pool } from './pool-settings.ts';

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'small letters, digits and hyphens, 31 at most');

export const settingsSchema = z.strictObject({
  /** Begins the names of the stacks. */
  name: name.default('fanfold'),
  namespace: name.default('main'),
  pools: z
    .record(name, pool)
    .refine((pools) => Object.keys(pools).length > 0, 'at least one pool')
    .default({ default: lambdaPool.parse({ kind: 'lambda' }) }),
  /** Of pools on Fargate. */
  network: network.default(network.parse({})),
  /** Whether the table and the bucket outlive the stacks. */
  keepData: z.boolean().default(true),
  /** The address of a topic of SNS that is told of alarms. */
  alarmTopic: z
    .string()
    .regex(/^arn:[^:]+:sns:[^:]+:\d{12}:\S+$/, 'the address of a topic: arn:aws:sns:...')
    .optional(),
  logDays: z.union([z.literal(7), z.literal(14), z.literal(30), z.literal(90)]).default(30),
  /** When a run that has ended leaves the table for the bucket, where it can still be read. */
  archiveAfterDays: z.int().min(1).max(365).default(7),
  /** For how long from then on. */
  keepDays: z.int().min(1).max(3650).default(730),
  /**
   * How many deciders may work on one shard of the table's stream. Several get the happenings of one run, and refuse each
   * other's saves; one keeps up with all that a shard's partition may write.
   */
  decidersPerShard: z.int().min(1).max(10).default(1),
});

/** As one writes them: what is left out is as it is by default. */
export type SettingsInput = z.input<typeof settingsSchema>;
export type Settings = z.output<typeof settingsSchema>;

/** What is given on the command line, `--context fanfold=…`, comes as text. */
function fromText(given: unknown): unknown {
  if (typeof given !== 'string') return given;
  try {
    return JSON.parse(given);
  } catch {
    throw new Error(`the settings are no JSON: context fanfold is ${given.slice(0, 80)}`);
  }
}

/** Throws with every mistake and its place. */
export function parseSettings(given: unknown): Settings {
  const parsed = settingsSchema.safeParse(fromText(given) ?? {});
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map((issue) => {
    // Of a name that may not be, zod says why one level deeper.
    const { message } = issue.code === 'invalid_key' ? (issue.issues[0] ?? issue) : issue;
    return `context fanfold${issue.path.map((part) => `.${String(part)}`).join('')}: ${message}`;
  });
  throw new Error(`the settings in cdk.json are wrong\n  ${mistakes.join('\n  ')}`);
}
