import { z } from 'zod';
import { Capacity } from '../../src/contract/resources.ts';

const days = () =>
  z
    .string()
    .regex(/^[1-9]\d*$/)
    .transform(Number);

const json = <Schema extends z.ZodType>(schema: Schema) =>
  z.string().transform((text) => schema.parse(JSON.parse(text)) as z.output<Schema>);

/** What a function is told by its environment. The stacks write it, the functions read it. */
export const envSchema = z.strictObject({
  FANFOLD_NAMESPACE: z.string().min(1),
  FANFOLD_TABLE: z.string().min(1),
  FANFOLD_BUCKET: z.string().min(1),
  /** Addresses of queues by their names, as JSON. */
  FANFOLD_QUEUES: json(z.record(z.string(), z.string())),
  FANFOLD_ARCHIVE_AFTER_DAYS: days(),
  FANFOLD_KEEP_DAYS: days(),
});

export type FunctionEnv = z.input<typeof envSchema>;

/** The pool that a runner serves, and how long one of its invocations may last. */
export const runnerEnvSchema = z.strictObject({
  FANFOLD_POOL: z.string().min(1),
  FANFOLD_SLOTS: z.coerce.number().int().positive(),
  /** What one of its runners has, as JSON. */
  FANFOLD_CAPACITY: json(Capacity),
});

export type RunnerEnv = Readonly<Record<keyof z.input<typeof runnerEnvSchema>, string>>;

/** What a runner in a container is told beside: where it may write. */
export const containerEnvSchema = z.strictObject({ FANFOLD_WORK: z.string().min(1) });

export type ContainerEnv = z.input<typeof containerEnvSchema>;

const amount = z.number().nonnegative();

/** What is declared of a pool, for the decision how many runners it wants. */
const capacity = z.strictObject({
  runnersMin: z.int().nonnegative(),
  runnersMax: z.int().positive(),
  slots: z.int().positive(),
  startUpMs: amount,
  acceptableMs: amount,
  serviceMsGuess: amount,
  launches: z.strictObject({ burst: amount, perSecond: amount }),
  billedMsMin: amount,
  price: z.strictObject({ runnerHour: z.number().positive(), lateHour: amount }),
});
export type CapacityEnv = z.output<typeof capacity>;

const scaledPool = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('ecs'),
    cluster: z.string().min(1),
    service: z.string().min(1),
    capacity,
  }),
  z.strictObject({
    kind: z.literal('datacenter'),
    url: z.string().min(1),
    tokenSecret: z.string().min(1),
    capacity,
  }),
]);

/** Pools whose runners are started and stopped here. */
export const scaleEnvSchema = z.strictObject({
  FANFOLD_SCALED: json(z.record(z.string(), scaledPool)),
});
export type ScaledPool = z.output<typeof scaledPool>;
export type ScaleEnv = z.input<typeof scaleEnvSchema>;

/** Of which pools it is to be said at once that work has come; as JSON. */
export const wakeEnvSchema = z.strictObject({
  FANFOLD_WAKES: json(z.array(z.string())).default([]),
});
export type WakeEnv = Readonly<Record<keyof z.input<typeof wakeEnvSchema>, string>>;

/** Which pools there are, and what is declared of each; as JSON. */
export const poolsEnvSchema = z.strictObject({
  FANFOLD_POOLS: json(
    z.record(
      z.string(),
      z.strictObject({ attemptMsMax: z.int().positive().optional(), capacity: Capacity }),
    ),
  ),
});
export type PoolsEnv = z.input<typeof poolsEnvSchema>;

/** Which services and functions run which images. */
export const imagesEnvSchema = z.strictObject({
  FANFOLD_IMAGES: json(
    z.array(
      z.strictObject({
        pool: z.string().min(1),
        repository: z.string().min(1),
        tag: z.string().min(1),
        runs: z.union([
          z.strictObject({ cluster: z.string().min(1), service: z.string().min(1) }),
          z.strictObject({ function: z.string().min(1) }),
        ]),
      }),
    ),
  ),
});
export type ImagesEnv = z.input<typeof imagesEnvSchema>;
export type WatchedImage = z.output<typeof imagesEnvSchema>['FANFOLD_IMAGES'][number];

/** Throws when the environment is not what the stacks write. */
export function readEnv<Schema extends z.ZodObject>(schema: Schema): z.output<Schema> {
  const all = process.env;
  return schema.parse(
    Object.fromEntries(Object.keys(schema.shape).map((name) => [name, all[name]])),
  );
}

/** Where AWS is, when it is not where the SDK looks for it by itself. */
export const awsEndpoint = (): string | undefined => process.env.AWS_ENDPOINT_URL;

/** Where Lambda's events come from, for an image that Lambda runs. */
export const lambdaRuntimeApi = (): string | undefined => process.env.AWS_LAMBDA_RUNTIME_API;

/** Where ECS's agent is, for a runner that is a task of ECS. */
export const ecsAgentUri = (): string | undefined => process.env.ECS_AGENT_URI;

/** What task code may see of a function's environment. */
export function hostEnv(): Readonly<Record<string, string | undefined>> {
  const { PATH, LANG, TZ } = process.env;
  return { PATH, LANG, TZ };
}
