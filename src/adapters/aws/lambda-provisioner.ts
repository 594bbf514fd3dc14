import {
  GetEventSourceMappingCommand,
  type LambdaClient,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import type { Provisioner } from '../../ports/provisioner.ts';
import { believedCount, poolOf, withinCap } from '../pool-bounds.ts';
import { insist, type Patience } from './insist.ts';

export interface MappedPool {
  /** UUID of the event source that brings the queue's messages to the function. */
  readonly mapping: string;
  readonly runnersMax: number;
}

export interface LambdaProvisionerOptions {
  readonly client: LambdaClient;
  readonly patience: Patience;
  readonly pools: Readonly<Record<string, MappedPool>>;
}

/** Lambda takes no smaller bound on how many batches of a queue it works on at once. */
const concurrencyMin = 2;

/**
 * Pools as functions behind their queues. Lambda starts and ends their runners by itself, so what is set is how many
 * there may be: of one it makes two, and none means that the queue is not looked at. All that may be count as running,
 * since none has to be waited for.
 */
export function lambdaProvisioner(options: LambdaProvisionerOptions): Provisioner {
  const { client, patience, pools } = options;
  return {
    async read(pool) {
      const { mapping: UUID, runnersMax } = poolOf(pools, pool);
      const { State = '', ScalingConfig } = await insist(patience, `look at pool ${pool}`, () =>
        client.send(new GetEventSourceMappingCommand({ UUID })),
      );
      if (/^Disabl/.test(State)) return { wanted: 0, running: 0 };
      const most = ScalingConfig?.MaximumConcurrency ?? runnersMax;
      const wanted = believedCount(most, `the concurrency of pool ${pool}`);
      return { wanted, running: wanted };
    },
    async set(pool, runners) {
      const { mapping: UUID, runnersMax } = poolOf(pools, pool);
      const count = withinCap(runners, runnersMax);
      const ScalingConfig = { MaximumConcurrency: Math.max(concurrencyMin, count) };
      const change = count === 0 ? { Enabled: false } : { Enabled: true, ScalingConfig };
      await insist(patience, `size pool ${pool}`, () =>
        client.send(new UpdateEventSourceMappingCommand({ UUID, ...change })),
      );
    },
  };
}
