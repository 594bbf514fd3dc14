/** What may be said of a pool. */
import { z } from 'zod';
import type { poolsEnvSchema } from '../functions/shared/env.ts';
import type { Capacity } from '../src/contract/resources.ts';

const image = z.union([
  /** Built from `runtime-images`, at the deployment: that takes a container engine. */
  z.strictObject({ language: z.string().regex(/^[a-z]+$/) }),
  /** One's own, built at the deployment. */
  z.strictObject({ folder: z.string().min(1) }),
  /** One that is there, in a repository of this account. Who pushes another under the tag has it run from then on. */
  z.strictObject({ repository: z.string().min(1), tag: z.string().min(1).default('latest') }),
]);

export type ImageSettings = z.output<typeof image>;

/** Runners of a pool as a Lambda function: nothing to pay for while nothing runs. */
export const lambdaPool = z.strictObject({
  kind: z.literal('lambda'),
  /** What it runs in: other languages, and programs of one's own. Default: Lambda's own Node, with nothing to build. */
  image: image.optional(),
  memoryMb: z.int().min(128).max(10_240).default(1769),
  /** More than 512 is paid for. */
  diskMb: z.int().min(512).max(10_240).default(512),
  /** Attempts at a time in one of its processes. */
  slots: z.int().min(1).max(64).default(4),
  /** How long one attempt may take. */
  timeoutSeconds: z.int().min(10).max(900).default(900),
  /** How many of its processes there may be. */
  processesMax: z.int().min(2).max(1000).default(100),
});
export type LambdaPoolSettings = z.output<typeof lambdaPool>;

/** Fargate's sizes: how much memory goes with so many CPU units, in MB: from, to, in steps of. */
const sizes: Readonly<Record<number, readonly [from: number, to: number, step: number]>> = {
  256: [512, 2048, 512],
  512: [1024, 4096, 1024],
  1024: [2048, 8192, 1024],
  2048: [4096, 16_384, 1024],
  4096: [8192, 30_720, 1024],
  8192: [16_384, 61_440, 4096],
  16384: [32_768, 122_880, 8192],
};

function fits(cpu: number, memoryMb: number): boolean {
  const [from, to, step] = sizes[cpu] ?? [0, 0, 1];
  // The smallest goes with half a gigabyte, or whole ones.
  const isWhole = (memoryMb - from) % step === 0 && !(cpu === 256 && memoryMb === 1536);
  return memoryMb >= from && memoryMb <= to && isWhole;
}

/** Of pools whose runners are started and stopped here. */
const scaled = {
  /** Attempts at a time in one runner. */
  slots: z.int().min(1).max(256).default(4),
  runnersMin: z.int().min(0).max(5000).default(0),
  /** A bound on the bill. */
  runnersMax: z.int().min(1).max(5000).default(10),
  /** How long a task may wait before it is worth another runner. */
  acceptableSeconds: z.number().min(0).max(86_400).default(10),
  /** How long a task takes, as long as too few have ended to tell. */
  taskSeconds: z.number().min(0.001).max(86_400).default(10),
};

function noLessThanMin(
  context: z.core.ParsePayload<{ readonly runnersMin: number; readonly runnersMax: number }>,
): void {
  const { value: input, issues } = context;
  if (input.runnersMin > input.runnersMax)
    issues.push({ code: 'custom', message: 'more than runnersMax', path: ['runnersMin'], input });
}

/** Runners of a pool as tasks of Fargate: for what is long, large, or needs an image; none while nothing is to do. */
export const fargatePool = z
  .strictObject({
    kind: z.literal('fargate'),
    /** CPU units: 1024 are one CPU. */
    cpu: z.int().default(1024),
    memoryMb: z.int().default(2048),
    /** In whole GB; more than 20 are paid for. */
    diskMb: z
      .int()
      .multipleOf(1024)
      .min(20 * 1024)
      .max(200 * 1024)
      .default(20 * 1024),
    architecture: z.enum(['arm64', 'x64']).default('arm64'),
    image: image.default({ language: 'node' }),
    ...scaled,
    /** Which part of the runners may be taken away again, two minutes after they are told, at a third of the price. */
    spotShare: z.number().min(0).max(1).default(0),
  })
  .check(noLessThanMin, (context) => {
    const { cpu, memoryMb } = context.value;
    const mistake = (path: string, message: string) =>
      void context.issues.push({ code: 'custom', message, path: [path], input: context.value });
    if (!(cpu in sizes)) mistake('cpu', `one of ${Object.keys(sizes).join(', ')}`);
    else if (!fits(cpu, memoryMb)) {
      const [from, to, step] = sizes[cpu] as readonly [number, number, number];
      mistake('memoryMb', `with ${cpu} CPU units from ${from} to ${to} in steps of ${step}`);
    }
  });
export type FargatePoolSettings = z.output<typeof fargatePool>;

/** Runners that somebody else starts and stops, as `docs/datacenter-api.openapi.json` says: machines of one's own. */
export const datacenterPool = z
  .strictObject({
    kind: z.literal('datacenter'),
    /** Where its API is. */
    url: z.url({ protocol: /^https$/, error: 'an address that begins with https://' }),
    /** The secret in Secrets Manager that is the token for it. */
    tokenSecret: z
      .string()
      .regex(
        /^arn:[^:]+:secretsmanager:[^:]+:\d{12}:secret:\S+$/,
        'the address of a secret: arn:aws:secretsmanager:...',
      ),
    /** What a runner has for its attempts. */
    cpu: z.number().min(0.01).max(1024),
    memoryMb: z.int().min(64),
    diskMb: z.int().min(64),
    gpu: z.int().min(0).max(64).default(0),
    ...scaled,
    /** From asking for a runner until it takes messages. */
    startUpSeconds: z.number().min(0).max(3600).default(60),
    /** What a runner costs in an hour, in US dollars, to be weighed against waiting. */
    runnerHour: z.number().positive().default(0.05),
  })
  .check(noLessThanMin);
export type DatacenterPoolSettings = z.output<typeof datacenterPool>;

export const pool = z.discriminatedUnion('kind', [lambdaPool, fargatePool, datacenterPool]);
export type PoolSettings = z.output<typeof pool>;

type Pools = Readonly<Record<string, PoolSettings>>;

/** Those that do not size themselves. */
export const scaledPools = (pools: Pools): readonly string[] =>
  Object.keys(pools).filter((name) => pools[name]?.kind !== 'lambda');

/** What is declared of each: on Lambda an attempt takes no longer than an invocation. */
export const poolFacts = (pools: Pools): z.output<typeof poolsEnvSchema>['FANFOLD_POOLS'] =>
  Object.fromEntries(
    Object.entries(pools).map(([name, own]) => [
      name,
      {
        ...(own.kind === 'lambda' && { attemptMsMax: own.timeoutSeconds * 1000 }),
        capacity: runnerCapacity(own),
      },
    ]),
  );

/** What the runner itself takes of its memory; and of its disk, for code. */
const ownMemoryMb = 192;
const ownDiskMb = { lambda: 256, fargate: 2048 } as const;
/** With so much memory a function has one processor. */
const lambdaCpuMb = 1769;

/** What one runner of a pool has for attempts. */
export function runnerCapacity(pool: PoolSettings): Capacity {
  if (pool.kind === 'datacenter') {
    const { cpu, memoryMb, diskMb, gpu } = pool;
    return { cpu, memoryMb, diskMb, gpu };
  }
  const cpu = pool.kind === 'lambda' ? pool.memoryMb / lambdaCpuMb : pool.cpu / 1024;
  return {
    cpu: Math.round(cpu * 100) / 100,
    memoryMb: Math.max(0, pool.memoryMb - ownMemoryMb),
    diskMb: pool.diskMb - ownDiskMb[pool.kind],
    gpu: 0,
  };
}

/** Where runners on Fargate are. */
export const network = z.strictObject({
  /** A network that is there already. Default: one of its own. */
  vpcId: z.string().startsWith('vpc-').optional(),
  /** A cluster that is there already. Default: one of its own. */
  cluster: z.string().min(1).optional(),
  /** Runners have no address of their own, and go out through a gateway, which costs some $33 a month by itself. */
  privateSubnets: z.boolean().default(false),
});
export type NetworkSettings = z.output<typeof network>;
