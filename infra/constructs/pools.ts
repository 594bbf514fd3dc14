import type { Construct } from 'constructs';
import { capacityOf } from '../capacity.ts';
import type { ImageSettings, PoolSettings } from '../pool-settings.ts';
import type { Settings } from '../settings.ts';
import { DatacenterPool } from './datacenter-pool.ts';
import { FargatePool } from './fargate-pool.ts';
import { ImageWatch, type WatchedPool } from './image-watch.ts';
import { LambdaPool } from './lambda-pool.ts';
import { Network } from './network.ts';
import { Scale, type Sized } from './scale.ts';
import type { Surroundings } from './surroundings.ts';

export interface PoolsProps extends Surroundings {
  readonly settings: Pick<Settings, 'pools' | 'network'>;
  readonly imagesFolder: string;
}

/** The runners of all pools; and, when there are any that do not size themselves, who sizes them. */
export function makePools(scope: Construct, props: PoolsProps): void {
  const made = new MadePools(scope, props);
  for (const [pool, settings] of Object.entries(props.settings.pools)) made.add(pool, settings);
  const { ticks } = props.queues;
  if (ticks !== undefined && Object.keys(made.sized).length > 0)
    new Scale(scope, 'Scale', { ...props, ticks, sized: made.sized });
  if (made.watched.length > 0) new ImageWatch(scope, 'Images', { ...props, pools: made.watched });
}

class MadePools {
  readonly sized: Record<string, Sized> = {};
  /** Those whose image is in a repository. */
  readonly watched: WatchedPool[] = [];
  readonly #scope: Construct;
  readonly #props: PoolsProps;
  readonly #launching: number;
  #network: Network | undefined;

  constructor(scope: Construct, props: PoolsProps) {
    this.#scope = scope;
    this.#props = props;
    const all = Object.values(props.settings.pools);
    this.#launching = all.filter(({ kind }) => kind === 'fargate').length;
  }

  add(pool: string, settings: PoolSettings): void {
    const queue = this.#props.queues.pools[pool];
    if (queue === undefined) throw new Error(`pool ${pool} has no queue`);
    const id = `Pool-${pool}`;
    const common = { ...this.#props, pool, queue };
    if (settings.kind === 'lambda') {
      const made = new LambdaPool(this.#scope, id, { ...common, settings });
      this.#watch(pool, settings.image, { function: made.function });
      return;
    }
    const capacity = capacityOf(settings, this.#launching);
    if (settings.kind === 'datacenter') {
      new DatacenterPool(this.#scope, id, { ...common, settings });
      const { url, tokenSecret } = settings;
      this.sized[pool] = { datacenter: { url, tokenSecret }, capacity };
      return;
    }
    this.#network ??= new Network(this.#scope, 'Network', this.#props.settings.network);
    const network = this.#network;
    const { service } = new FargatePool(this.#scope, id, { ...common, settings, network });
    this.sized[pool] = { service, capacity };
    this.#watch(pool, settings.image, { service });
  }

  #watch(pool: string, image: ImageSettings | undefined, runs: WatchedPool['runs']): void {
    if (image !== undefined && 'repository' in image) this.watched.push({ pool, ...image, runs });
  }
}
