import { Stack } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
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
  /** Where functions run. Default: in no network, which costs nothing. */
  readonly functionNetwork?: FunctionNetwork;
}

/** A network that is there already. It must let functions reach DynamoDB, S3 and SQS. */
export interface FunctionNetwork {
  readonly vpc: ec2.IVpc;
  readonly vpcSubnets?: ec2.SubnetSelection;
  readonly securityGroups?: ec2.ISecurityGroup[];
  /** A function in a public subnet has no address, so it reaches nothing outside without an endpoint in the network. */
  readonly allowPublicSubnet?: boolean;
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
