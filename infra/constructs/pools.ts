import type { Construct } from 'constructs';
import { capacityOf } from '../capacity.ts';
import type { FargatePoolSettings, PoolSettings } from '../pool-settings.ts';
import type { Settings } from '../settings.ts';
import { FargatePool } from './fargate-pool.ts';
import { type ImageOf, ImageWatch } from './image-watch.ts';
import { LambdaPool } from './lambda-pool.ts';
import { Network } from './network.ts';
import { Scale, type ScaledService } from './scale.ts';
import type { Surroundings } from './surroundings.ts';

export interface PoolsProps extends Surroundings {
  readonly settings: Pick<Settings, 'pools' | 'network'>;
  readonly imagesFolder: string;
}

/** The runners of all pools; and, when there are any that do not size themselves, who sizes them. */
export function makePools(scope: Construct, props: PoolsProps): void {
  const { settings, queues } = props;
  const onFargate = Object.entries(settings.pools).filter(isOnFargate);
  for (const [pool, own] of Object.entries(settings.pools))
    if (own.kind === 'lambda')
      new LambdaPool(scope, `Pool-${pool}`, {
        ...props,
        pool,
        queue: queueOf(props, pool),
        settings: own,
      });
  if (onFargate.length === 0 || queues.ticks === undefined) return;
  const network = new Network(scope, 'Network', settings.network);
  const images: ImageOf[] = [];
  const services = onFargate.map(([pool, own]): [string, ScaledService] => {
    const queue = queueOf(props, pool);
    const { service } = new FargatePool(scope, `Pool-${pool}`, {
      ...props,
      pool,
      queue,
      settings: own,
      network,
    });
    if ('repository' in own.image) images.push({ pool, service, ...own.image });
    return [pool, { service, capacity: capacityOf(own, onFargate.length) }];
  });
  new Scale(scope, 'Scale', {
    ...props,
    ticks: queues.ticks,
    services: Object.fromEntries(services),
  });
  if (images.length > 0) new ImageWatch(scope, 'Images', { ...props, images });
}

const isOnFargate = (entry: [string, PoolSettings]): entry is [string, FargatePoolSettings] =>
  entry[1].kind === 'fargate';

function queueOf({ queues }: Surroundings, pool: string) {
  const queue = queues.pools[pool];
  if (queue === undefined) throw new Error(`pool ${pool} has no queue`);
  return queue;
}
