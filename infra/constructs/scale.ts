import { Duration, Stack } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { CapacityEnv, ScaledPool, ScaleEnv } from '../../functions/shared/env.ts';
import { EngineFunction } from './engine-function.ts';
import { enginesRights } from './rights.ts';
import type { Surroundings } from './surroundings.ts';

export interface ScaledService {
  readonly service: ecs.FargateService;
  readonly capacity: CapacityEnv;
}

export interface ScaleProps extends Surroundings {
  /** Where ticks come from. */
  readonly ticks: sqs.IQueue;
  readonly services: Readonly<Record<string, ScaledService>>;
}

/** Who sizes the pools that do not size themselves: every few seconds while there is work, once a minute else. */
export class Scale extends Construct {
  readonly function: lambda.Function;

  constructor(scope: Construct, id: string, props: ScaleProps) {
    super(scope, id);
    const { ticks, services } = props;
    const scaled = Object.entries(services).map(([pool, { service, capacity }]) => {
      const { serviceName, cluster } = service;
      const one: ScaledPool = {
        kind: 'ecs',
        cluster: cluster.clusterName,
        service: serviceName,
        capacity,
      };
      return [pool, one];
    });
    const env: ScaleEnv = {
      FANFOLD_SCALED: Stack.of(this).toJsonString(Object.fromEntries(scaled)),
    };
    this.function = new EngineFunction(this, 'Scale', {
      ...props,
      code: 'scale',
      rights: [...enginesRights, 'look at queues'],
      memoryMb: 512,
      timeoutSeconds: 55,
      env,
    }).function;
    // It sends itself the next tick: AWS would take that for a mistake after 16 of them.
    (this.function.node.defaultChild as lambda.CfnFunction).recursiveLoop = 'Allow';
    this.function.addEventSource(new SqsEventSource(ticks, { batchSize: 10, maxConcurrency: 2 }));
    ticks.grantSendMessages(this.function);
    new events.Rule(this, 'EveryMinute', {
      schedule: events.Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(this.function, { retryAttempts: 0 })],
    });
    this.function.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ['ecs:DescribeServices', 'ecs:UpdateService'],
        resources: Object.values(services).map(({ service }) => service.serviceArn),
      }),
    );
  }
}
