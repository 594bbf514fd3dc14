import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventQueue, type MessageRecord } from '../src/adapters/aws/event-queue.ts';
import { createRunner } from '../src/runner/create-runner.ts';
import { deployment } from './shared/deployment.ts';
import { entry } from './shared/entry.ts';
import { hostEnv, readEnv, runnerEnvSchema } from './shared/env.ts';
import { logError } from './shared/log.ts';

const { ports, queues, settings, metrics } = deployment();
const {
  FANFOLD_POOL: pool,
  FANFOLD_SLOTS: slots,
  FANFOLD_CAPACITY: capacity,
} = readEnv(runnerEnvSchema);
const workFolder = join(tmpdir(), 'fanfold');
mkdirSync(workFolder, { recursive: true });

const queue = new EventQueue({
  queue: ports.queue,
  blobs: ports.blobs,
  directory: queues,
  againMs: settings.visibilityMs,
  onTrouble: logError,
});
const agent = createRunner({ ...ports, queue }, settings, {
  pool,
  slots,
  capacity,
  lingerMs: 100,
  gatherMs: 100,
  waitMs: 0,
  takeMax: 0,
  workFolder,
  hostEnv: hostEnv(),
  failed: (error) => {
    // A new process begins without what went wrong; the messages come again.
    logError(error);
    process.exit(1);
  },
});
agent.start();

/** Runs what a pool's queue brings. Frozen between its invocations, it must owe nothing when one ends. */
export const handler = entry(
  metrics,
  async ({ Records }: { readonly Records: readonly MessageRecord[] }) => {
    const messages = await queue.receive(Records);
    await agent.handle(messages.taken);
    await ports.logs.flush();
    return messages.giveBack();
  },
);
