/** A runner in a container: takes from its pool's queue until it is told to end. */
import { mkdirSync } from 'node:fs';
import { deployment } from '../functions/shared/deployment.ts';
import {
  containerEnvSchema,
  ecsAgentUri,
  hostEnv,
  readEnv,
  runnerEnvSchema,
} from '../functions/shared/env.ts';
import { logError, logInfo } from '../functions/shared/log.ts';
import { protectTask } from '../src/adapters/aws/task-protection.ts';
import { systemClock } from '../src/adapters/system.ts';
import { createInstalled } from '../src/engine/installed.ts';
import { Agent } from '../src/runner/agent.ts';
import { shareInstallations } from '../src/runner/dependencies/shared-installations.ts';
import { createExecutor } from '../src/runner/executor.ts';

/** ECS kills two minutes after it has told to end; what is handed back by then is begun anew at once. */
const drainMs = 90_000;

const { ports, settings } = deployment();
const {
  FANFOLD_POOL: pool,
  FANFOLD_SLOTS: slots,
  FANFOLD_CAPACITY: capacity,
} = readEnv(runnerEnvSchema);
const { FANFOLD_WORK: workFolder } = readEnv(containerEnvSchema);
mkdirSync(workFolder, { recursive: true });

const id = ports.ids.next();
const agent = new Agent(ports, settings, {
  id,
  pool,
  slots,
  lingerMs: 50,
  controlMs: 5_000,
  waitMs: 20_000,
  takeMax: 10,
  executor: (events) =>
    createExecutor({
      slots,
      capacity,
      workFolder,
      logs: ports.logs,
      blobs: ports.blobs,
      clock: systemClock,
      sharedInstallations: shareInstallations({
        installed: createInstalled(ports, settings),
        blobs: ports.blobs,
        onTrouble: (message) => logInfo('dependencies', { message }),
      }),
      events,
      hostEnv: hostEnv(),
    }),
  failed: (error) => {
    // Another takes its place, and finds lost what this one held.
    logError(error);
    process.exit(1);
  },
});
const agentUri = ecsAgentUri();
const unprotect =
  agentUri === undefined
    ? undefined
    : protectTask({
        agentUri,
        clock: systemClock,
        isBusy: () => agent.held().length > 0,
        onTrouble: logError,
      });

let draining = false;
async function drain(signal: string): Promise<void> {
  if (draining) return;
  draining = true;
  logInfo('runner drains', { pool, runner: id, signal, held: agent.held().length });
  await agent.drain(drainMs);
  await unprotect?.();
  await ports.queue.close();
  await ports.logs.close();
  process.exit(0);
}
for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)
  process.on(signal, () => {
    drain(signal).catch((error: unknown) => {
      logError(error);
      process.exit(1);
    });
  });
agent.start();
logInfo('runner begins', { pool, runner: id, slots });
