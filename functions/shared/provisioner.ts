import { ecsProvisioner } from '../../src/adapters/aws/ecs-provisioner.ts';
import type { Patience } from '../../src/adapters/aws/insist.ts';
import type { PoolClients } from '../../src/adapters/aws/pool-clients.ts';
import { secretText } from '../../src/adapters/aws/secret.ts';
import { datacenterProvisioner } from '../../src/adapters/http/datacenter-provisioner.ts';
import { poolOf } from '../../src/adapters/pool-bounds.ts';
import type { Provisioner } from '../../src/ports/provisioner.ts';
import type { ScaledPool } from './env.ts';

type Clients = Pick<PoolClients, 'ecs'>;

/** The provisioner of these pools, whatever runs each. */
export function provisionerOf(
  scaled: Readonly<Record<string, ScaledPool>>,
  clients: Clients,
  patience: Patience,
): Provisioner {
  const byPool = Object.fromEntries(
    Object.entries(scaled).map(([pool, one]) => [pool, ofOne(pool, one, clients, patience)]),
  );
  return {
    read: async (pool) => poolOf(byPool, pool).read(pool),
    set: async (pool, runners) => poolOf(byPool, pool).set(pool, runners),
  };
}

function ofOne(
  pool: string,
  { capacity: { runnersMax }, ...one }: ScaledPool,
  { ecs: client }: Clients,
  patience: Patience,
): Provisioner {
  if (one.kind === 'ecs')
    return ecsProvisioner({ client, patience, pools: { [pool]: { ...one, runnersMax } } });
  const token = keptToken(() => secretText(client, patience, one.tokenSecret));
  return datacenterProvisioner({ url: one.url, token, pools: { [pool]: { runnersMax } } });
}

/** Read once, and again when it is refused: somebody may have changed it. */
export function keptToken(read: () => Promise<string>): (refused?: string) => Promise<string> {
  let kept: string | undefined;
  return async (refused) => {
    if (kept === undefined || kept === refused) kept = await read();
    return kept;
  };
}
