/** What may be said of a pool. */
import { z } from 'zod';
import type { poolsEnvSchema } from '../functions/shared/env.ts';
import type { Capacity } from '../src/contract/resources.ts';

/** Runners of a pool as a Lambda function: nothing to pay for while nothing runs. */
export const lambdaPool = z.strictObject({
  kind: z.literal('lambda'),
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

const image = z.union([
  /** Built from `runtime-images`, at the deployment: that takes a container engine. */
  z.strictObject({ language: z.enum(['node', 'python']) }),
  /** One's own, built at the deployment. */
  z.strictObject({ folder: z.string().min(1) }),
  /** One that is there, in a repository of this account. Who pushes another under the tag has it run from then on. */
  z.strictObject({ repository: z.string().min(1), tag: z.string().min(1).default('latest') }),
]);

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
    /** Attempts at a time in one runner. */
    slots: z.int().min(1).max(256).default(4),
    runnersMin: z.int().min(0).max(5000).default(0),
    /** A bound on the bill. */
    runnersMax: z.int().min(1).max(5000).default(10),
    /** Which part of the runners may be taken away again, two minutes after they are told, at a third of the price. */
    spotShare: z.number().min(0).max(1).default(0),
    /** How long a task may wait before it is worth another runner. */
    acceptableSeconds: z.number().min(0).max(86_400).default(10),
    /** How long a task takes, as long as too few have ended to tell. */
    taskSeconds: z.number().min(0.001).max(86_400).default(10),
  })
  .check((context) => {
    const { cpu, memoryMb, runnersMin, runnersMax } = context.value;
    const mistake = (path: string, message: string) =>
      void context.issues.push({ code: 'custom', message, path: [path], input: context.value });
    if (!(cpu in sizes)) mistake('cpu', `one of ${Object.keys(sizes).join(', ')}`);
    else if (!fits(cpu, memoryMb)) {
      const [from, to, step] = sizes[cpu] as readonly [number, number, number];
      mistake('memoryMb', `with ${cpu} CPU units from ${from} to ${to} in steps of ${step}`);
    }
    if (runnersMin > runnersMax) mistake('runnersMin', 'more than runnersMax');
  });
export type FargatePoolSettings = z.output<typeof fargatePool>;

export const pool = z.discriminatedUnion('kind', [lambdaPool, fargatePool]);
export type PoolSettings = z.output<typeof pool>;

type Pools = Readonly<Record<string, PoolSettings>>;

/** Those that do not size themselves. */
export const scaledPools = (pools: Pools): readonly string[] =>
  Object.keys(pools).filter((name) => pools[name]?.kind === 'fargate');

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
