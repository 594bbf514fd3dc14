import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { FunctionEnv } from '../../functions/shared/env.ts';
import type { RetentionDays } from '../../functions/shared/retention.ts';
import type { Queues } from './queues.ts';
import type { State } from './state.ts';

/** What every part of the engine works on, in functions and in containers. */
export interface Surroundings {
  readonly state: State;
  readonly queues: Queues;
  readonly namespace: string;
  readonly logDays: number;
  readonly retention: RetentionDays;
  /** Holds one folder for each function. */
  readonly codeFolder: string;
}

/** What every part of the engine is told of them. */
export const engineEnv = (
  scope: Construct,
  { state, queues, namespace, retention }: Surroundings,
): FunctionEnv => ({
  FANFOLD_NAMESPACE: namespace,
  FANFOLD_TABLE: state.table.tableName,
  FANFOLD_BUCKET: state.bucket.bucketName,
  FANFOLD_QUEUES: Stack.of(scope).toJsonString(queues.urls),
  FANFOLD_ARCHIVE_AFTER_DAYS: String(retention.archiveAfterDays),
  FANFOLD_KEEP_DAYS: String(retention.keepDays),
});

/** The rights that every part of the engine needs. */
export function allowEngine(
  grantee: iam.IGrantable,
  { state: { table, bucket }, queues: { pools } }: Surroundings,
): void {
  const allow = (actions: string[], resources: string[]): void =>
    void grantee.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({ actions, resources }),
    );
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
