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

/** A pool's runners, as a service of ECS or elsewhere, and how many there may be. */
export type Sized = { readonly capacity: CapacityEnv } & (
  | { readonly service: ecs.FargateService }
  | { readonly datacenter: { readonly url: string; readonly tokenSecret: string } }
);

export interface ScaleProps extends Surroundings {
  /** Where ticks come from. */
  readonly ticks: sqs.IQueue;
  readonly sized: Readonly<Record<string, Sized>>;
}

/** Who sizes the pools that do not size themselves: every few seconds while there is work, once a minute else. */
export class Scale extends Construct {
  readonly function: lambda.Function;

  constructor(scope: Construct, id: string, props: ScaleProps) {
    super(scope, id);
    const { ticks, sized } = props;
    const scaled = Object.entries(sized).map(([pool, one]) => [pool, told(one)]);
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
    const all = Object.values(sized);
    this.#allow(
      ['ecs:DescribeServices', 'ecs:UpdateService'],
      all.flatMap((one) => ('service' in one ? [one.service.serviceArn] : [])),
    );
    this.#allow(
      ['secretsmanager:GetSecretValue'],
      all.flatMap((one) => ('datacenter' in one ? [one.datacenter.tokenSecret] : [])),
    );
  }

  #allow(actions: string[], resources: string[]): void {
    if (resources.length > 0)
      this.function.addToRolePolicy(new iam.PolicyStatement({ actions, resources }));
  }
}

function told({ capacity, ...one }: Sized): ScaledPool {
  if ('datacenter' in one) return { kind: 'datacenter', ...one.datacenter, capacity };
  const { serviceName: service, cluster } = one.service;
  return { kind: 'ecs', cluster: cluster.clusterName, service, capacity };
}
