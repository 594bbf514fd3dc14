import { z } from 'zod';

const days = () =>
  z
    .string()
    .regex(/^[1-9]\d*$/)
    .transform(Number);

/** What a function is told by its environment. The stacks write it, the functions read it. */
export const envSchema = z.strictObject({
  FANFOLD_NAMESPACE: z.string().min(1),
  FANFOLD_TABLE: z.string().min(1),
  FANFOLD_BUCKET: z.string().min(1),
  /** Addresses of queues by their names, as JSON. */
  FANFOLD_QUEUES: z
    .string()
    .transform((text) => z.record(z.string(), z.string()).parse(JSON.parse(text))),
  FANFOLD_ARCHIVE_AFTER_DAYS: days(),
  FANFOLD_KEEP_DAYS: days(),
});

export type FunctionEnv = z.input<typeof envSchema>;

/** The pool that a runner serves, and how long one of its invocations may last. */
export const runnerEnvSchema = z.strictObject({
  FANFOLD_POOL: z.string().min(1),
  FANFOLD_SLOTS: z.coerce.number().int().positive(),
});

export type RunnerEnv = Readonly<Record<keyof z.input<typeof runnerEnvSchema>, string>>;

/** Throws when the environment is not what the stacks write. */
export function readEnv<Schema extends z.ZodObject>(schema: Schema): z.output<Schema> {
  const all = process.env;
  return schema.parse(
    Object.fromEntries(Object.keys(schema.shape).map((name) => [name, all[name]])),
  );
}

/** Where AWS is, when it is not where the SDK looks for it by itself. */
export const awsEndpoint = (): string | undefined => process.env.AWS_ENDPOINT_URL;

/** What task code may see of a function's environment. */
export function hostEnv(): Readonly<Record<string, string | undefined>> {
  const { PATH, LANG, TZ } = process.env;
  return { PATH, LANG, TZ };
}
