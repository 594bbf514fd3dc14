import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AwsPorts } from '../../src/adapters/aws/ports.ts';
import { acceptWorkflow } from '../../src/definition/accept.ts';
import { compileTiming } from '../../src/definition/timing.ts';
import type { Decider } from '../../src/engine/advance.ts';
import { createDecider, createEngine } from '../../src/engine/create-engine.ts';
import { judgeDead } from '../../src/engine/dead-letters.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { fanOut } from '../../src/engine/fan-out.ts';
import { feedPrefixes } from '../../src/engine/items.ts';
import { defaultSettings, type EngineSettings } from '../../src/engine/settings.ts';
import { sweepRunners, sweepRuns } from '../../src/engine/sweep.ts';
import type { FeedHandler } from '../../src/ports/table.ts';
import type { Agent } from '../../src/runner/agent.ts';
import { createRunner } from '../../src/runner/create-runner.ts';

/** The engine, a runner with real processes, and what a deployment has in functions, in this process over AWS. */
export interface AwsEngine {
  readonly engine: Engine;
  readonly decider: Decider;
  readonly agent: Agent;
  readonly ports: AwsPorts;
  /** Begins to take messages; done at once unless it was asked otherwise. */
  startRunner(): void;
  /** Batches of the feed that were handled. */
  batches(): number;
  /** What a deployment does by the clock: finds lost runners and runs that stand still, judges dead letters. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

export interface AwsEngineOptions {
  readonly ports: AwsPorts;
  readonly settings?: Partial<EngineSettings>;
  readonly slots?: number;
  /** False: the runner waits for `startRunner`. */
  readonly runs?: boolean;
  readonly troubles: unknown[];
  /** Around the handler of the feed: to refuse a batch, or to lose it. */
  readonly around?: (handler: FeedHandler) => FeedHandler;
}

export function openAwsEngine(options: AwsEngineOptions): AwsEngine {
  const { troubles, slots = 8, around = (handler) => handler } = options;
  const provisioner = {
    read: async () => ({ wanted: 1, running: 1 }),
    set: async () => undefined,
  };
  const ports = { ...options.ports, provisioner };
  const settings = { ...defaultSettings, shards: 2, ...options.settings };
  const { decider, specs } = createDecider(ports, settings);
  const workFolder = mkdtempSync(join(tmpdir(), 'fanfold-aws-work-'));
  const agent = createRunner(ports, settings, {
    pool: 'default',
    slots,
    lingerMs: 50,
    waitMs: 20_000,
    takeMax: 10,
    workFolder,
    hostEnv: process.env,
    failed: (error) => troubles.push(error),
  });
  const engine = createEngine(
    decider,
    specs,
    acceptWorkflow,
    async (run) =>
      agent
        .held()
        .filter((held) => held.run === run && held.started)
        .map(({ task, attempt, since }) => ({ task, attempt, since })),
    compileTiming,
  );
  let batches = 0;
  const handler = around(async (items) => {
    batches++;
    for (const { error } of await fanOut(decider, items)) troubles.push(error);
  });
  const stopFeed = ports.feed.subscribe(feedPrefixes, handler);
  let started = false;
  const startRunner = (): void => {
    started = true;
    agent.start();
  };
  if (options.runs !== false) startRunner();
  return {
    engine,
    decider,
    agent,
    ports: options.ports,
    startRunner,
    batches: () => batches,
    async sweep() {
      await sweepRunners(decider);
      await sweepRuns(decider);
      await judgeDead(ports, settings);
    },
    async close() {
      if (started) await agent.drain(5_000);
      else await agent.close();
      await stopFeed();
      await ports.queue.close();
      await ports.logs.close();
      rmSync(workFolder, { recursive: true, force: true });
    },
  };
}
