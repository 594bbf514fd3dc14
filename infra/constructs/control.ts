import { Duration } from 'aws-cdk-lib';
import type * as api from 'aws-cdk-lib/aws-apigatewayv2';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { PoolsEnv, WakeEnv } from '../../functions/shared/env.ts';
import { feedPrefixes } from '../../functions/shared/stream.ts';
import { type PoolSettings, poolFacts, scaledPools } from '../pool-settings.ts';
import { EngineFunction } from './engine-function.ts';
import { enginesRights } from './rights.ts';
import { safeQueue } from './safe-queue.ts';
import { SignedApi } from './signed-api.ts';
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
  readonly fanOut: EngineFunction;
  readonly answers: EngineFunction;

  constructor(scope: Construct, id: string, props: ControlProps) {
    super(scope, id);
    this.refused = safeQueue(this, 'Refused');
    this.fanOut = this.#fanOut(props);
    this.#sweep(props);
    this.#archive(props);
    this.answers = this.#answers(props);
    this.api = new SignedApi(this, 'Http', {
      handler: this.answers.function,
      logDays: props.logDays,
    }).api;
  }

  #fanOut(props: ControlProps): EngineFunction {
    const env: WakeEnv = { FANFOLD_WAKES: JSON.stringify(scaledPools(props.pools)) };
    const fanOut = new EngineFunction(this, 'FanOut', {
      ...props,
      code: 'fan-out',
      rights: enginesRights,
      memoryMb: 1769,
      timeoutSeconds: 60,
      env: { ...env },
    });
    props.queues.ticks?.grantSendMessages(fanOut.function);
    fanOut.function.addEventSource(
      new DynamoEventSource(props.state.table, {
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
    return fanOut;
  }

  #sweep(props: ControlProps): void {
    const sweep = new EngineFunction(this, 'Sweep', {
      ...props,
      code: 'sweep',
      rights: [...enginesRights, 'find active runs', 'remove items', 'judge dead letters'],
      memoryMb: 512,
      timeoutSeconds: 300,
    });
    new events.Rule(this, 'EveryMinute', {
      schedule: events.Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweep.function, { retryAttempts: 0 })],
    });
  }

  #archive(props: ControlProps): void {
    const archive = new EngineFunction(this, 'Archive', {
      ...props,
      code: 'archive',
      rights: [...enginesRights, 'find active runs', 'find recent runs', 'put in batches'],
      memoryMb: 1769,
      timeoutSeconds: 900,
    });
    new events.Rule(this, 'EveryHour', {
      schedule: events.Schedule.rate(Duration.hours(1)),
      targets: [new LambdaFunction(archive.function, { retryAttempts: 0 })],
    });
  }

  #answers(props: ControlProps): EngineFunction {
    const env: PoolsEnv = { FANFOLD_POOLS: JSON.stringify(poolFacts(props.pools)) };
    return new EngineFunction(this, 'Api', {
      ...props,
      code: 'api',
      rights: [...enginesRights, 'remove items', 'find recent runs', 'read logs'],
      memoryMb: 1769,
      timeoutSeconds: 30,
      env: { ...env },
    });
  }
}
