import { Stack } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { ImagesEnv, PoolsEnv, WatchedImage } from '../../functions/shared/env.ts';
import { type PoolSettings, poolFacts } from '../pool-settings.ts';
import { EngineFunction } from './engine-function.ts';
import type { Surroundings } from './surroundings.ts';

/** A pool that runs an image of a repository, and what runs it. */
export interface WatchedPool {
  readonly pool: string;
  readonly repository: string;
  readonly tag: string;
  readonly runs: { readonly service: ecs.FargateService } | { readonly function: lambda.IFunction };
}

export interface ImageWatchProps extends Surroundings {
  readonly watched: readonly WatchedPool[];
  readonly pools: Readonly<Record<string, PoolSettings>>;
}

/** Who has pools run what is pushed under the tag of their image, and keeps the task types that it is labelled with. */
export class ImageWatch extends Construct {
  constructor(scope: Construct, id: string, props: ImageWatchProps) {
    super(scope, id);
    const { watched: pools } = props;
    const watched = pools.map(
      ({ runs, ...image }): WatchedImage => ({ ...image, runs: told(runs) }),
    );
    const env: ImagesEnv & PoolsEnv = {
      FANFOLD_IMAGES: Stack.of(this).toJsonString(watched),
      FANFOLD_POOLS: JSON.stringify(poolFacts(props.pools)),
    };
    const { function: handler } = new EngineFunction(this, 'Pushed', {
      ...props,
      code: 'image-pushed',
      rights: ['read and write runs'],
      memoryMb: 512,
      timeoutSeconds: 60,
      env: { ...env },
    });
    allowReading(
      handler,
      pools.map(({ repository }) => repository),
    );
    allowServices(
      handler,
      pools.flatMap(({ runs }) => ('service' in runs ? [runs.service] : [])),
    );
    allowFunctions(
      handler,
      pools.flatMap(({ runs }) => ('function' in runs ? [runs.function] : [])),
    );
    new events.Rule(this, 'Pushes', {
      eventPattern: {
        source: ['aws.ecr'],
        detailType: ['ECR Image Action'],
        detail: {
          'action-type': ['PUSH'],
          result: ['SUCCESS'],
          'repository-name': [...new Set(pools.map(({ repository }) => repository))],
        },
      },
      targets: [new LambdaFunction(handler)],
    });
  }
}

const told = (runs: WatchedPool['runs']): WatchedImage['runs'] =>
  'function' in runs
    ? { function: runs.function.functionName }
    : { cluster: runs.service.cluster.clusterName, service: runs.service.serviceName };

type Statement = iam.PolicyStatementProps;
const add = (handler: lambda.Function, statement: Statement): void =>
  handler.addToRolePolicy(new iam.PolicyStatement(statement));

/** The labels of what was pushed; and to say what became of it. */
function allowReading(handler: lambda.Function, repositories: readonly string[]): void {
  const stack = Stack.of(handler);
  add(handler, {
    actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    resources: [...new Set(repositories)].map((resourceName) =>
      stack.formatArn({ service: 'ecr', resource: 'repository', resourceName }),
    ),
  });
  add(handler, {
    actions: ['events:PutEvents'],
    resources: [
      stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' }),
    ],
  });
}

function allowFunctions(handler: lambda.Function, functions: readonly lambda.IFunction[]): void {
  if (functions.length === 0) return;
  add(handler, {
    actions: ['lambda:GetFunction', 'lambda:UpdateFunctionCode', 'lambda:TagResource'],
    resources: functions.map(({ functionArn }) => functionArn),
  });
}

function allowServices(handler: lambda.Function, services: readonly ecs.FargateService[]): void {
  if (services.length === 0) return;
  const definitions = services.map(({ taskDefinition }) => taskDefinition);
  const stack = Stack.of(handler);
  add(handler, {
    actions: ['ecs:DescribeServices', 'ecs:UpdateService'],
    resources: services.map(({ serviceArn }) => serviceArn),
  });
  // Which task definition it is can be told to everybody or nobody.
  add(handler, { actions: ['ecs:DescribeTaskDefinition'], resources: ['*'] });
  add(handler, {
    actions: ['ecs:RegisterTaskDefinition'],
    resources: definitions.map(({ family }) =>
      stack.formatArn({ service: 'ecs', resource: 'task-definition', resourceName: `${family}:*` }),
    ),
  });
  add(handler, {
    actions: ['iam:PassRole'],
    resources: definitions.flatMap(({ taskRole, executionRole }) => [
      taskRole.roleArn,
      ...(executionRole === undefined ? [] : [executionRole.roleArn]),
    ]),
    conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
  });
}
