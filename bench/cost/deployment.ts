import { setTimeout as sleep } from 'node:timers/promises';
import { EventQueue, type MessageRecord } from '../../src/adapters/aws/event-queue.ts';
import { systemClock } from '../../src/adapters/system.ts';
import type { Json } from '../../src/contract/json.ts';
import { acceptWorkflow } from '../../src/definition/accept.ts';
import { compileTiming } from '../../src/definition/timing.ts';
import type { Decider } from '../../src/engine/advance.ts';
import { createDecider, createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { fanOut } from '../../src/engine/fan-out.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import { sweepRuns } from '../../src/engine/sweep.ts';
import { Agent } from '../../src/runner/agent.ts';
import type { Meter } from './meter.ts';
import type { Substrate } from './substrate.ts';
import { type TimedOptions, timedExecutor } from './timed-executor.ts';

export interface DeploymentOptions {
  readonly substrate: Substrate;
  /** Batches of one shard that are under way together. */
  readonly deciders: number;
  /** Runner processes, and tasks at a time in each. */
  readonly runners: number;
  readonly slots: number;
  readonly seconds: TimedOptions['seconds'];
  readonly output: (task: string) => Json;
  readonly onTrouble: (error: unknown) => void;
}

/** What is deployed, in this process: functions' code over AWS's own event sources, played by the rules. */
export interface Deployment {
  readonly meter: Meter;
  readonly engine: Engine;
  /** Looks without being counted. */
  readonly looker: Decider;
  /** What the sweep does with the runs when all are so much older. */
  sweepLater(ms: number): Promise<void>;
  /** Resolves when nothing is under way any more. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** What code of ours takes beyond its requests: of one invocation, and of one record. */
const invocationSeconds = 0.005;
const recordSeconds = 0.0001;
const calmLooks = 8;

export function deploy(options: DeploymentOptions): Deployment {
  const { substrate, onTrouble } = options;
  const { meter } = substrate;
  const api = createDecider(substrate.ports('api'), defaultSettings);
  const deciders = Array.from(
    { length: options.deciders },
    () => createDecider(substrate.ports('decider'), defaultSettings).decider,
  );
  let deciding = 0;
  substrate.openStream(deciders.length, async (lane, items) => {
    meter.invoked('decider');
    meter.worked('decider', invocationSeconds + items.length * recordSeconds);
    deciding++;
    try {
      for (const { error } of await fanOut(deciders[lane] as Decider, items)) onTrouble(error);
    } finally {
      deciding--;
    }
  });
  const runners = Array.from({ length: options.runners }, () => runnerOf(options));
  const source = openSource(substrate, runners, onTrouble);
  return {
    meter,
    engine: createEngine(api.decider, api.specs, acceptWorkflow, async () => [], compileTiming),
    looker: createDecider(substrate.ports(undefined), defaultSettings).decider,
    async sweepLater(ms) {
      const later = { ...systemClock, now: () => systemClock.now() + ms };
      const { decider } = createDecider(substrate.ports('sweep', later), defaultSettings);
      meter.invoked('sweep');
      meter.worked('sweep', invocationSeconds);
      await sweepRuns(decider);
    },
    async quiet() {
      for (let calm = 0; calm < calmLooks; ) {
        calm = deciding > 0 || source.busy() ? 0 : calm + 1;
        await sleep(100);
      }
    },
    async close() {
      source.stop();
      await substrate.close();
      await source.done;
      await Promise.all(runners.map(({ agent }) => agent.close()));
    },
  };
}

interface Runner {
  readonly agent: Agent;
  readonly queue: EventQueue;
}

/** As `functions/run.ts` puts it together, but for the executor. */
function runnerOf({ substrate, slots, onTrouble, ...timed }: DeploymentOptions): Runner {
  const ports = substrate.ports('runner');
  const queue = new EventQueue({
    queue: ports.queue,
    blobs: ports.blobs,
    directory: substrate.directory,
    againMs: defaultSettings.visibilityMs,
    onTrouble,
  });
  const agent = new Agent({ ...ports, queue }, defaultSettings, {
    id: ports.ids.next(),
    pool: 'default',
    slots,
    lingerMs: 100,
    controlMs: defaultSettings.heartbeatMs,
    gatherMs: 100,
    waitMs: 0,
    takeMax: 0,
    executor: timedExecutor({ slots, ...timed }),
    failed: onTrouble,
  });
  agent.start();
  return { agent, queue };
}

/** As Lambda reads a queue: up to ten messages an invocation, and a delete of what was done. */
function openSource(
  substrate: Substrate,
  runners: readonly Runner[],
  onTrouble: (error: unknown) => void,
) {
  const { meter } = substrate;
  let busy = 0;
  let stopped = false;
  const invoke = async ({ agent, queue }: Runner, records: readonly MessageRecord[]) => {
    meter.invoked('runner');
    meter.worked('runner', invocationSeconds);
    const messages = await queue.receive(records);
    await agent.handle(messages.taken);
    const { batchItemFailures } = await messages.giveBack();
    const failed = new Set(batchItemFailures.map((one) => one.itemIdentifier));
    const done = records.filter(({ messageId }) => !failed.has(messageId));
    if (done.length > 0) await substrate.remove(done);
  };
  const step = async (runner: Runner): Promise<void> => {
    const records = await substrate.receive();
    if (records.length === 0) return;
    busy++;
    await invoke(runner, records).finally(() => {
      busy--;
    });
  };
  const loop = async (runner: Runner): Promise<void> => {
    while (!stopped)
      await step(runner).catch((error: unknown) => {
        if (!stopped) onTrouble(error);
      });
  };
  const loops = runners.map(loop);
  return {
    busy: () => busy > 0,
    stop() {
      stopped = true;
    },
    done: Promise.race([Promise.all(loops), sleep(1000)]),
  };
}
