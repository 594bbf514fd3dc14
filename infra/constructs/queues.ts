import { Duration } from 'aws-cdk-lib';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { safeQueue } from './safe-queue.ts';

export interface QueuesProps {
  /** How long an attempt of each pool may take, in seconds. */
  readonly pools: Readonly<Record<string, { readonly timeoutSeconds: number }>>;
}

/** Beyond an attempt's time, for what comes before and after it. */
const marginSeconds = 60;
const receivesMax = 10;

/** A queue for each pool, and one for the messages that were received too often. */
export class Queues extends Construct {
  readonly dead: sqs.Queue;
  readonly pools: Readonly<Record<string, sqs.Queue>>;

  constructor(scope: Construct, id: string, { pools }: QueuesProps) {
    super(scope, id);
    this.dead = safeQueue(this, 'Dead');
    this.pools = Object.fromEntries(
      Object.entries(pools).map(([pool, { timeoutSeconds }]) => [
        pool,
        safeQueue(this, `Tasks-${pool}`, {
          visibilityTimeout: Duration.seconds(timeoutSeconds + marginSeconds),
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
    return Object.fromEntries([...tasks, ['dead', this.dead.queueUrl]]);
  }
}
