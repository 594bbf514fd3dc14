import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { ImagesEnv, WatchedImage } from '../../functions/shared/env.ts';

/** A pool that runs an image of a repository, and what runs it. */
export interface WatchedPool {
  readonly pool: string;
  readonly repository: string;
  readonly tag: string;
  readonly runs: { readonly service: ecs.FargateService } | { readonly function: lambda.IFunction };
}

export interface ImageWatchProps {
  readonly pools: readonly WatchedPool[];
  readonly logDays: number;
  readonly codeFolder: string;
}

/** Who has pools run what is pushed under the tag of their image. */
export class ImageWatch extends Construct {
  readonly logGroup: logs.LogGroup;

  constructor(scope: Construct, id: string, { pools, logDays, codeFolder }: ImageWatchProps) {
    super(scope, id);
    const watched = pools.map(
      ({ runs, ...image }): WatchedImage => ({ ...image, runs: told(runs) }),
    );
    const env: ImagesEnv = { FANFOLD_IMAGES: Stack.of(this).toJsonString(watched) };
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // One of its own: the managed one may write into any log.
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    this.logGroup.grantWrite(role);
    const handler = new lambda.Function(this, 'Function', {
      runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS),
      architecture: lambda.Architecture.ARM_64,
      handler: 'index.handler',
      code: lambda.Code.fromAsset(join(codeFolder, 'image-pushed')),
      memorySize: 256,
      timeout: Duration.seconds(60),
      environment: env,
      role,
      logGroup: this.logGroup,
    });
    allowServices(
      handler,
      pools.flatMap(({ runs }) => ('service' in runs ? [runs.service] : [])),
    );
    allowFunctions(
      handler,
      pools.flatMap(({ runs }) => ('function' in runs ? [runs.function] : [])),
    );
    new events.Rule(this, 'Pushed', {
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
