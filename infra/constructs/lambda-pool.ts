import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { RunnerEnv } from '../../functions/shared/env.ts';
import { bundledImages } from '../code-folder.ts';
import { type LambdaPoolSettings, runnerCapacity } from '../pool-settings.ts';
import { EngineFunction } from './engine-function.ts';
import { enginesRights } from './rights.ts';
import { functionImage } from './runner-image.ts';
import type { Surroundings } from './surroundings.ts';

export interface LambdaPoolProps extends Surroundings {
  readonly pool: string;
  readonly queue: sqs.IQueue;
  readonly settings: LambdaPoolSettings;
  /** Holds one folder for each language, with a Dockerfile. Default: what the package brings. */
  readonly imagesFolder?: string;
}

/** SQS gives at most so many at once without making them wait. */
const batchSize = 10;

/** Runners of a pool as a function behind its queue. */
export class LambdaPool extends Construct {
  readonly function: lambda.Function;

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
      code: this.#code(props),
      rights: [...enginesRights, 'write logs'],
      memoryMb: settings.memoryMb,
      ...(settings.diskMb > 512 && { diskMb: settings.diskMb }),
      timeoutSeconds: settings.timeoutSeconds,
      env: { ...env },
    });
    this.function = runner.function;
    this.function.addEventSource(
      new SqsEventSource(queue, {
        batchSize,
        reportBatchItemFailures: true,
        maxConcurrency: settings.processesMax,
      }),
    );
  }

  #code({
    settings: { image },
    imagesFolder = bundledImages(),
  }: LambdaPoolProps): string | lambda.Code {
    if (image === undefined) return 'run';
    return functionImage(this, { image, imagesFolder, architecture: 'arm64' });
  }
}
