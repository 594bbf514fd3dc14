import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { RunnerEnv } from '../../functions/shared/env.ts';
import { type DatacenterPoolSettings, runnerCapacity } from '../pool-settings.ts';
import { enginesRights, statementsFor } from './rights.ts';
import { engineEnv, type Surroundings } from './surroundings.ts';

export interface DatacenterPoolProps extends Surroundings {
  readonly pool: string;
  readonly queue: sqs.IQueue;
  readonly settings: DatacenterPoolSettings;
}

/** What runners elsewhere need of us: a policy for whoever they are towards AWS, and their environment. */
export class DatacenterPool extends Construct {
  readonly policy: iam.ManagedPolicy;

  constructor(scope: Construct, id: string, props: DatacenterPoolProps) {
    super(scope, id);
    const { pool, queue, settings } = props;
    this.policy = new iam.ManagedPolicy(this, 'Runner', {
      description: `What runners of pool ${pool} may do`,
      statements: [
        ...statementsFor([...enginesRights, 'write logs'], props),
        new iam.PolicyStatement({
          actions: [
            'sqs:ReceiveMessage',
            'sqs:DeleteMessage',
            'sqs:ChangeMessageVisibility',
            'sqs:GetQueueAttributes',
          ],
          resources: [queue.queueArn],
        }),
      ],
    });
    const runner: RunnerEnv = {
      FANFOLD_POOL: pool,
      FANFOLD_SLOTS: String(settings.slots),
      FANFOLD_CAPACITY: JSON.stringify(runnerCapacity(settings)),
    };
    new CfnOutput(this, 'Environment', {
      description: `The environment of runners of pool ${pool}, beside FANFOLD_WORK, a folder of theirs`,
      value: Stack.of(this).toJsonString({ ...engineEnv(this, props), ...runner }),
    });
    new CfnOutput(this, 'Policy', {
      description: `To be attached to the role or user of runners of pool ${pool}`,
      value: this.policy.managedPolicyArn,
    });
  }
}
