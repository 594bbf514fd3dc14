import { ecsProvisioner } from '../../src/adapters/aws/ecs-provisioner.ts';
import type { Patience } from '../../src/adapters/aws/insist.ts';
import type { PoolClients } from '../../src/adapters/aws/pool-clients.ts';
import type { Provisioner } from '../../src/ports/provisioner.ts';
import type { ScaledPool } from './env.ts';

/** The provisioner of these pools, whatever runs each. */
export function provisionerOf(
  scaled: Readonly<Record<string, ScaledPool>>,
  { ecs: client }: Pick<PoolClients, 'ecs'>,
  patience: Patience,
): Provisioner {
  const pools = Object.fromEntries(
    Object.entries(scaled).map(([pool, { cluster, service, capacity }]) => [
      pool,
      { cluster, service, runnersMax: capacity.runnersMax },
    ]),
  );
  return ecsProvisioner({ client, patience, pools });
}
