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

export interface ImageOf {
  readonly pool: string;
  readonly repository: string;
  readonly tag: string;
  readonly service: ecs.FargateService;
}

export interface ImageWatchProps {
  readonly images: readonly ImageOf[];
  readonly logDays: number;
  readonly codeFolder: string;
}

/** Who has pools run what is pushed under the tag of their image. */
export class ImageWatch extends Construct {
  constructor(scope: Construct, id: string, { images, logDays, codeFolder }: ImageWatchProps) {
    super(scope, id);
    const watched = images.map(
      ({ service, pool, repository, tag }): WatchedImage => ({
        pool,
        repository,
        tag,
        cluster: service.cluster.clusterName,
        service: service.serviceName,
      }),
    );
    const env: ImagesEnv = { FANFOLD_IMAGES: Stack.of(this).toJsonString(watched) };
    const handler = new lambda.Function(this, 'Function', {
      runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS),
      architecture: lambda.Architecture.ARM_64,
      handler: 'index.handler',
      code: lambda.Code.fromAsset(join(codeFolder, 'image-pushed')),
      memorySize: 256,
      timeout: Duration.seconds(60),
      environment: env,
      logGroup: new logs.LogGroup(this, 'Logs', {
        retention: logDays,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    });
    allow(handler, images);
    new events.Rule(this, 'Pushed', {
      eventPattern: {
        source: ['aws.ecr'],
        detailType: ['ECR Image Action'],
        detail: {
          'action-type': ['PUSH'],
          result: ['SUCCESS'],
          'repository-name': [...new Set(images.map(({ repository }) => repository))],
        },
      },
      targets: [new LambdaFunction(handler)],
    });
  }
}

function allow(handler: lambda.Function, images: readonly ImageOf[]): void {
  const definitions = images.map(({ service }) => service.taskDefinition);
  const stack = Stack.of(handler);
  const add = (statement: iam.PolicyStatementProps) =>
    handler.addToRolePolicy(new iam.PolicyStatement(statement));
  add({
    actions: ['ecs:DescribeServices', 'ecs:UpdateService'],
    resources: images.map(({ service }) => service.serviceArn),
  });
  // Which task definition it is can be told to everybody or nobody.
  add({ actions: ['ecs:DescribeTaskDefinition'], resources: ['*'] });
  add({
    actions: ['ecs:RegisterTaskDefinition'],
    resources: definitions.map(({ family }) =>
      stack.formatArn({ service: 'ecs', resource: 'task-definition', resourceName: `${family}:*` }),
    ),
  });
  add({
    actions: ['iam:PassRole'],
    resources: definitions.flatMap(({ taskRole, executionRole }) => [
      taskRole.roleArn,
      ...(executionRole === undefined ? [] : [executionRole.roleArn]),
    ]),
    conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
  });
}
