import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { RunnerEnv } from '../../functions/shared/env.ts';
import { type LambdaPoolSettings, runnerCapacity } from '../pool-settings.ts';
import { EngineFunction } from './engine-function.ts';
import { enginesRights } from './rights.ts';
import type { Surroundings } from './surroundings.ts';

export interface LambdaPoolProps extends Surroundings {
  readonly pool: string;
  readonly queue: sqs.IQueue;
  readonly settings: LambdaPoolSettings;
}

/** SQS gives at most so many at once without making them wait. */
const batchSize = 10;

/** Runners of a pool as a function behind its queue. */
export class LambdaPool extends Construct {
  constructor(scope: Construct, id: string, props: LambdaPoolProps) {
    super(scope, id);
    const { pool, queue, settings } = props;
    const env: RunnerEnv = {
      FANFOLD_POOL: pool,
      FANFOLD_SLOTS: String(settings.slots),
      FANFOLD_CAPACITY: JSON.stringify(runnerCapacity(settings)),
    };
    const runner = new EngineFunction(this, 'Run', {
      ...props,
      code: 'run',
      rights: [...enginesRights, 'write logs'],
      memoryMb: settings.memoryMb,
      ...(settings.diskMb > 512 && { diskMb: settings.diskMb }),
      timeoutSeconds: settings.timeoutSeconds,
      env: { ...env },
    });
    runner.function.addEventSource(
      new SqsEventSource(queue, {
        batchSize,
        reportBatchItemFailures: true,
        maxConcurrency: settings.processesMax,
      }),
    );
  }
}
