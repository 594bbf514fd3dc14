import { awsClients } from '../../src/adapters/aws/clients.ts';
import { type AwsPorts, awsPorts } from '../../src/adapters/aws/ports.ts';
import { deployedQueues, type QueueDirectory } from '../../src/adapters/aws/queue-directory.ts';
import { systemClock, systemIds, systemRandom } from '../../src/adapters/system.ts';
import { defaultSettings, type EngineSettings } from '../../src/engine/settings.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { countingEnds } from './counted.ts';
import { awsEndpoint, envSchema, readEnv } from './env.ts';
import { logError, logLine } from './log.ts';
import { Metrics } from './metrics.ts';
import { retentionOf } from './retention.ts';

export interface Deployment {
  readonly ports: Ports & AwsPorts;
  readonly queues: QueueDirectory;
  readonly settings: EngineSettings;
  readonly metrics: Metrics;
}

/** What this function was deployed with. Throws when its environment is not what the stacks write. */
export function deployment(): Deployment {
  const env = readEnv(envSchema);
  const { FANFOLD_NAMESPACE, FANFOLD_TABLE, FANFOLD_BUCKET, FANFOLD_QUEUES } = env;
  const endpoint = awsEndpoint();
  const queues = deployedQueues(FANFOLD_QUEUES);
  const ports = awsPorts({
    clients: awsClients(endpoint === undefined ? {} : { endpoint }),
    tableName: FANFOLD_TABLE,
    // A function gets its records from Lambda.
    streamArn: '',
    bucket: FANFOLD_BUCKET,
    queues,
    clock: systemClock,
    ids: systemIds(),
    random: systemRandom,
    onTrouble: logError,
  });
  const metrics = new Metrics(FANFOLD_TABLE, () => systemClock.now(), logLine);
  return {
    ports: { ...ports, table: countingEnds(ports.table, metrics), provisioner: none },
    queues,
    settings: {
      ...defaultSettings,
      namespace: FANFOLD_NAMESPACE,
      retention: retentionOf({
        archiveAfterDays: env.FANFOLD_ARCHIVE_AFTER_DAYS,
        keepDays: env.FANFOLD_KEEP_DAYS,
      }),
    },
    metrics,
  };
}

/** Pools are Lambda's to size. */
const none: Ports['provisioner'] = {
  read: async () => ({ wanted: 0, running: 0 }),
  set: async () => undefined,
};
