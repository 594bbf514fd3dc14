import { mkdirSync } from 'node:fs';
import { EventQueue, type MessageRecord } from '../src/adapters/aws/event-queue.ts';
import { systemClock } from '../src/adapters/system.ts';
import { Agent } from '../src/runner/agent.ts';
import { createExecutor } from '../src/runner/executor.ts';
import { deployment } from './shared/deployment.ts';
import { entry } from './shared/entry.ts';
import { hostEnv, readEnv, runnerEnvSchema } from './shared/env.ts';
import { logError } from './shared/log.ts';

const { ports, queues, settings } = deployment();
const { FANFOLD_POOL: pool, FANFOLD_SLOTS: slots } = readEnv(runnerEnvSchema);
const workFolder = '/tmp/fanfold';
mkdirSync(workFolder, { recursive: true });

const queue = new EventQueue({
  queue: ports.queue,
  blobs: ports.blobs,
  directory: queues,
  againMs: settings.visibilityMs,
  onTrouble: logError,
});
const agent = new Agent({ ...ports, queue }, settings, {
  id: ports.ids.next(),
  pool,
  slots,
  lingerMs: 0,
  controlMs: 1_000,
  waitMs: 0,
  takeMax: 0,
  executor: (events) =>
    createExecutor({
      slots,
      workFolder,
      logs: ports.logs,
      blobs: ports.blobs,
      clock: systemClock,
      events,
      hostEnv: hostEnv(),
    }),
  failed: (error) => {
    // A new process begins without what went wrong; the messages come again.
    logError(error);
    process.exit(1);
  },
});
agent.start();

/** Runs what a pool's queue brings. Frozen between its invocations, it must owe nothing when one ends. */
export const handler = entry(
  async ({ Records }: { readonly Records: readonly MessageRecord[] }) => {
    const messages = await queue.receive(Records);
    await agent.handle(messages.taken);
    await ports.logs.flush();
    return messages.giveBack();
  },
);
