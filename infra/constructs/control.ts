import { Duration } from 'aws-cdk-lib';
import * as api from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { PoolsEnv, WakeEnv } from '../../functions/shared/env.ts';
import { feedPrefixes } from '../../functions/shared/stream.ts';
import { attemptTimes, type PoolSettings, scaledPools } from '../pool-settings.ts';
import { EngineFunction } from './engine-function.ts';
import { safeQueue } from './safe-queue.ts';
import type { Surroundings } from './surroundings.ts';

export interface ControlProps extends Surroundings {
  readonly decidersPerShard: number;
  readonly pools: Readonly<Record<string, PoolSettings>>;
}

/** Who decides: the API, the fan-out behind the table's stream, the sweep, and who archives. */
export class Control extends Construct {
  readonly api: api.HttpApi;
  /** Records of the stream that could not be handled in a day: runs that they belong to are found by the sweep. */
  readonly refused: sqs.Queue;

  constructor(scope: Construct, id: string, props: ControlProps) {
    super(scope, id);
    this.refused = safeQueue(this, 'Refused');
    this.#fanOut(props);
    this.#sweep(props);
    this.#archive(props);
    this.api = this.#api(props);
  }

  #fanOut(props: ControlProps): void {
    const env: WakeEnv = { FANFOLD_WAKES: JSON.stringify(scaledPools(props.pools)) };
    const fanOut = new EngineFunction(this, 'FanOut', {
      ...props,
      code: 'fan-out',
      memoryMb: 1769,
      timeoutSeconds: 60,
      env: { ...env },
    });
    props.queues.ticks?.grantSendMessages(fanOut.function);
    fanOut.function.addEventSource(
      new DynamoEventSource(props.state.table as dynamodb.ITable, {
        startingPosition: lambda.StartingPosition.TRIM_HORIZON,
        batchSize: 1000,
        parallelizationFactor: props.decidersPerShard,
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        maxRecordAge: Duration.hours(23),
        onFailure: new SqsDlq(this.refused),
        filters: feedPrefixes.map((prefix) =>
          lambda.FilterCriteria.filter({
            eventName: ['INSERT'],
            dynamodb: { NewImage: { s: { S: [{ prefix }] } } },
          }),
        ),
      }),
    );
  }

  #sweep(props: ControlProps): void {
    const { dead } = props.queues;
    const sweep = new EngineFunction(this, 'Sweep', {
      ...props,
      code: 'sweep',
      memoryMb: 512,
      timeoutSeconds: 300,
    });
    dead.grantConsumeMessages(sweep.function);
    new events.Rule(this, 'EveryMinute', {
      schedule: events.Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweep.function, { retryAttempts: 0 })],
    });
  }

  #archive(props: ControlProps): void {
    const archive = new EngineFunction(this, 'Archive', {
      ...props,
      code: 'archive',
      memoryMb: 1769,
      timeoutSeconds: 900,
    });
    new events.Rule(this, 'EveryHour', {
      schedule: events.Schedule.rate(Duration.hours(1)),
      targets: [new LambdaFunction(archive.function, { retryAttempts: 0 })],
    });
  }

  #api(props: ControlProps): api.HttpApi {
    const env: PoolsEnv = { FANFOLD_POOLS: JSON.stringify(attemptTimes(props.pools)) };
    const handler = new EngineFunction(this, 'Api', {
      ...props,
      code: 'api',
      memoryMb: 1769,
      timeoutSeconds: 30,
      env: { ...env },
    });
    return new api.HttpApi(this, 'Http', {
      apiName: 'fanfold',
      defaultIntegration: new HttpLambdaIntegration('Integration', handler.function),
      defaultAuthorizer: new HttpIamAuthorizer(),
    });
  }
}
