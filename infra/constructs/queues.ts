import { Duration } from 'aws-cdk-lib';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { PoolSettings } from '../pool-settings.ts';
import { safeQueue } from './safe-queue.ts';

export interface QueuesProps {
  readonly pools: Readonly<Record<string, PoolSettings>>;
  /** Whether there are pools that do not size themselves. */
  readonly scaled: boolean;
  /** Queues that are there already, by pool. */
  readonly existing?: Readonly<Record<string, sqs.IQueue>>;
}

/** Ticks of `scale`: one that is this old is of no use, since it is called once a minute anyway. */
const tickMinutes = 5;
/** At least as long as `scale` may run. */
const tickVisibilitySeconds = 60;

/** Beyond an attempt's time, for what comes before and after it. */
const marginSeconds = 60;
const receivesMax = 10;

/** A queue for each pool, and one for the messages that were received too often. */
export class Queues extends Construct {
  readonly dead: sqs.Queue;
  readonly pools: Readonly<Record<string, sqs.IQueue>>;
  /** Says that capacity is to be decided. */
  readonly ticks: sqs.Queue | undefined;

  constructor(scope: Construct, id: string, { pools, scaled, existing = {} }: QueuesProps) {
    super(scope, id);
    this.ticks = scaled
      ? safeQueue(this, 'Ticks', {
          retentionPeriod: Duration.minutes(tickMinutes),
          visibilityTimeout: Duration.seconds(tickVisibilitySeconds),
        })
      : undefined;
    this.dead = safeQueue(this, 'Dead');
    this.pools = Object.fromEntries(
      Object.entries(pools).map(([pool, settings]) => [
        pool,
        existing[pool] ??
          safeQueue(this, `Tasks-${pool}`, {
            visibilityTimeout: Duration.seconds(heldSeconds(settings)),
            deadLetterQueue: { queue: this.dead, maxReceiveCount: receivesMax },
          }),
      ]),
    );
  }

  /** Addresses by the names that the engine has for them. */
  get urls(): Readonly<Record<string, string>> {
    const tasks = Object.entries(this.pools).map(([pool, queue]) => [
      `tasks-${pool}`,
      queue.queueUrl,
    ]);
    const ticks = this.ticks === undefined ? [] : [['scale', this.ticks.queueUrl]];
    return Object.fromEntries([...tasks, ...ticks, ['dead', this.dead.queueUrl]]);
  }
}

/** How long a message is its receiver's: for as long as an attempt may take. A runner in a container says so itself. */
const heldSeconds = (settings: PoolSettings): number =>
  (settings.kind === 'lambda' ? settings.timeoutSeconds : 0) + marginSeconds;
