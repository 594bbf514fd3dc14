import { DescribeServicesCommand, type ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import type { Provisioner } from '../../ports/provisioner.ts';
import { Unavailable } from '../../ports/table.ts';
import { believedCount, poolOf, withinCap } from '../pool-bounds.ts';
import { insist, type Patience } from './insist.ts';

export interface EcsPool {
  readonly cluster: string;
  readonly service: string;
  readonly runnersMax: number;
}

export interface EcsProvisionerOptions {
  readonly client: ECSClient;
  readonly patience: Patience;
  readonly pools: Readonly<Record<string, EcsPool>>;
}

/**
 * Pools as services of ECS: a runner is a task of the service. ECS ends those first that do not protect themselves, and
 * tells each by TERM.
 */
export function ecsProvisioner({ client, patience, pools }: EcsProvisionerOptions): Provisioner {
  return {
    async read(pool) {
      const { cluster, service } = poolOf(pools, pool);
      const { services = [], failures = [] } = await insist(patience, `look at pool ${pool}`, () =>
        client.send(new DescribeServicesCommand({ cluster, services: [service] })),
      );
      const [found] = services;
      if (found === undefined || found.status !== 'ACTIVE') {
        const why = failures[0]?.reason ?? found?.status ?? 'it is not there';
        throw new Unavailable(`the service of pool ${pool}: ${why}`);
      }
      return {
        wanted: believedCount(found.desiredCount, `the desired count of pool ${pool}`),
        running: believedCount(found.runningCount, `the running count of pool ${pool}`),
      };
    },
    async set(pool, runners) {
      const { cluster, service, runnersMax } = poolOf(pools, pool);
      const desiredCount = withinCap(runners, runnersMax);
      await insist(patience, `size pool ${pool}`, () =>
        client.send(new UpdateServiceCommand({ cluster, service, desiredCount })),
      );
    },
  };
}
