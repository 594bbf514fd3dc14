import type { MessageRecord } from '../src/adapters/aws/event-queue.ts';
import { poolClients } from '../src/adapters/aws/pool-clients.ts';
import { systemClock, systemRandom } from '../src/adapters/system.ts';
import { createDecider } from '../src/engine/create-engine.ts';
import { scale } from '../src/engine/scale.ts';
import { deployment } from './shared/deployment.ts';
import { entry } from './shared/entry.ts';
import { awsEndpoint, readEnv, scaleEnvSchema } from './shared/env.ts';
import { logError, logInfo } from './shared/log.ts';
import { provisionerOf } from './shared/provisioner.ts';
import { ticksOf } from './shared/ticks.ts';

const { ports, settings, metrics } = deployment();
const { FANFOLD_SCALED: scaled } = readEnv(scaleEnvSchema);
const endpoint = awsEndpoint();
const clients = poolClients(endpoint === undefined ? {} : { endpoint });
const patience = { clock: systemClock, random: systemRandom };
const provisioner = provisionerOf(scaled, clients, patience);
const { decider } = createDecider({ ...ports, provisioner }, settings);
const pools = Object.fromEntries(Object.entries(scaled).map(([pool, one]) => [pool, one.capacity]));

/** Sizes pools: called by the messages that it sends itself while there is work, by those who send work, and once a minute. */
export const handler = entry(
  metrics,
  async ({ Records }: { readonly Records?: readonly MessageRecord[] }) => {
    for (const tick of ticksOf(Records ?? [])) {
      const { decisions, failures } = await scale(decider, pools, tick);
      for (const { pool, runners, wanted, why } of decisions)
        if (runners !== wanted) logInfo('scaled', { pool, runners, before: wanted, why });
      for (const { pool, error } of failures)
        logError(new Error(`pool ${pool} could not be sized`, { cause: error }));
    }
  },
);
