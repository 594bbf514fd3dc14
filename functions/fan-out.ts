import { handleStreamBatch, type StreamRecord } from '../src/adapters/aws/stream-batch.ts';
import { createDecider } from '../src/engine/create-engine.ts';
import { fanOut } from '../src/engine/fan-out.ts';
import { feedPrefixes } from '../src/engine/items.ts';
import { wakingQueue } from '../src/engine/waking-queue.ts';
import { countFeed } from './shared/counted.ts';
import { deployment } from './shared/deployment.ts';
import { entry } from './shared/entry.ts';
import { readEnv, wakeEnvSchema } from './shared/env.ts';
import { logError, logStuck } from './shared/log.ts';

const { ports, settings, metrics } = deployment();
const { FANFOLD_WAKES: wakes } = readEnv(wakeEnvSchema);
const queue = wakingQueue(ports.queue, ports.clock, wakes);
const { decider } = createDecider({ ...ports, queue }, settings);

/** What happened to runs, from the table's stream: it is folded, and what becomes ready is sent. */
export const handler = entry(
  metrics,
  ({ Records }: { readonly Records: readonly StreamRecord[] }) =>
    handleStreamBatch(
      Records,
      feedPrefixes,
      async (items) => {
        const stuck = await fanOut(decider, items);
        logStuck(stuck);
        countFeed(items, metrics);
        metrics.count('RunsStuck', stuck.length);
      },
      logError,
    ),
);
