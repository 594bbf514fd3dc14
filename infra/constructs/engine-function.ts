import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionEnv } from '../../functions/shared/env.ts';
import type { RetentionDays } from '../../functions/shared/retention.ts';
import type { Queues } from './queues.ts';
import type { State } from './state.ts';

/** What every function of the engine works on. */
export interface Surroundings {
  readonly state: State;
  readonly queues: Queues;
  readonly namespace: string;
  readonly logDays: number;
  readonly retention: RetentionDays;
  /** Holds one folder for each function. */
  readonly codeFolder: string;
}

export interface EngineFunctionProps extends Surroundings {
  /** The folder of its code. */
  readonly code: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A function with the engine in it, and the rights that every part of the engine needs. */
export class EngineFunction extends Construct {
  readonly function: lambda.Function;

  constructor(scope: Construct, id: string, props: EngineFunctionProps) {
    super(scope, id);
    const { state, queues, namespace, retention } = props;
    const env: FunctionEnv = {
      FANFOLD_NAMESPACE: namespace,
      FANFOLD_TABLE: state.table.tableName,
      FANFOLD_BUCKET: state.bucket.bucketName,
      FANFOLD_QUEUES: Stack.of(this).toJsonString(queues.urls),
      FANFOLD_ARCHIVE_AFTER_DAYS: String(retention.archiveAfterDays),
      FANFOLD_KEEP_DAYS: String(retention.keepDays),
    };
    this.function = new lambda.Function(this, 'Function', {
      runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS),
      architecture: lambda.Architecture.ARM_64,
      handler: 'index.handler',
      code: lambda.Code.fromAsset(join(props.codeFolder, props.code)),
      memorySize: props.memoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: { ...env, ...props.env },
      logGroup: new logs.LogGroup(this, 'Logs', {
        retention: props.logDays,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    });
    this.#allow(state, queues);
  }

  #allow({ table, bucket }: State, { pools }: Queues): void {
    const allow = (actions: string[], resources: string[]): void =>
      this.function.addToRolePolicy(new iam.PolicyStatement({ actions, resources }));
    allow(
      [
        'dynamodb:GetItem',
        'dynamodb:BatchGetItem',
        'dynamodb:Query',
        'dynamodb:PutItem',
        'dynamodb:BatchWriteItem',
        'dynamodb:DeleteItem',
      ],
      [table.tableArn],
    );
    allow(['dynamodb:Query'], [`${table.tableArn}/index/*`]);
    allow(['s3:GetObject', 's3:PutObject'], [bucket.arnForObjects('*')]);
    // To tell an object that is not there from one that may not be read; and to list what was logged.
    allow(['s3:ListBucket'], [bucket.bucketArn]);
    allow(
      ['sqs:SendMessage'],
      Object.values(pools).map(({ queueArn }) => queueArn),
    );
  }
}
