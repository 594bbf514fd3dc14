import { missingServices, type RegionAsker } from '../src/adapters/aws/region-services.ts';
import type { Settings } from './settings.ts';

/** As AWS names them in its list of what is where. */
const always = ['apigateway', 'cloudwatch', 'dynamodb', 'events', 'lambda', 'logs', 's3', 'sqs'];

export function neededServices({ pools }: Pick<Settings, 'pools'>): readonly string[] {
  const all = Object.values(pools);
  return [
    ...always,
    ...(all.some(({ kind }) => kind === 'fargate') ? ['ecs', 'fargate'] : []),
    ...(all.some((pool) => 'image' in pool && pool.image !== undefined) ? ['ecr'] : []),
    ...(all.some(({ kind }) => kind === 'datacenter') ? ['secretsmanager'] : []),
  ];
}

/** Throws when AWS says that something is not to be had in a region, before anything is deployed there. */
export async function checkRegion(
  asker: RegionAsker,
  settings: Pick<Settings, 'pools'>,
): Promise<void> {
  const missing = await missingServices(asker, neededServices(settings));
  if (missing.length === 0) return;
  throw new Error(
    `the region ${asker.region} has no ${missing.join(', ')}, which these settings need; set AWS_REGION to another one, or leave out the pools that need it`,
  );
}
