import * as iam from 'aws-cdk-lib/aws-iam';
import { objectPrefixes } from '../../src/adapters/aws/object-prefixes.ts';
import type { Queues } from './queues.ts';
import type { State } from './state.ts';

/** What rights are about. */
export interface Belongings {
  readonly state: Pick<State, 'table' | 'bucket'>;
  readonly queues: Pick<Queues, 'pools' | 'dead'>;
}

type Right = (of: Belongings) => {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
};

const { blobs, messages, logs } = objectPrefixes;

const objects =
  (action: string, ...prefixes: readonly string[]): Right =>
  ({ state: { bucket } }) => ({
    actions: [action],
    resources: prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
  });

const index =
  (name: string): Right =>
  ({ state: { table } }) => ({
    actions: ['dynamodb:Query'],
    resources: [`${table.tableArn}/index/${name}`],
  });

/**
 * What a part of the engine does in the world, by a name, as the actions and resources that it takes. No action that
 * changes what AWS has, none on anything but what is Fanfold's, and no action by a wildcard.
 */
export const rights = {
  'read and write runs': ({ state }) => ({
    actions: ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:PutItem'],
    resources: [state.table.tableArn],
  }),
  // Without a condition, and able to remove: for who tidies up only.
  'put in batches': ({ state }) => ({
    actions: ['dynamodb:BatchWriteItem'],
    resources: [state.table.tableArn],
  }),
  'remove items': ({ state }) => ({
    actions: ['dynamodb:DeleteItem'],
    resources: [state.table.tableArn],
  }),
  'find active runs': index('active'),
  'find recent runs': index('recent'),
  'read blobs': objects('s3:GetObject', blobs, messages),
  'write blobs': objects('s3:PutObject', blobs, messages),
  'read logs': objects('s3:GetObject', logs),
  'write logs': objects('s3:PutObject', logs),
  // To tell an object that is not there from one that may not be read, and to find what was logged.
  'list objects': ({ state }) => ({
    actions: ['s3:ListBucket'],
    resources: [state.bucket.bucketArn],
  }),
  'send tasks': ({ queues }) => ({
    actions: ['sqs:SendMessage'],
    resources: Object.values(queues.pools).map(({ queueArn }) => queueArn),
  }),
  'look at queues': ({ queues }) => ({
    actions: ['sqs:GetQueueAttributes'],
    resources: Object.values(queues.pools).map(({ queueArn }) => queueArn),
  }),
  'judge dead letters': ({ queues }) => ({
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'],
    resources: [queues.dead.queueArn],
  }),
} as const satisfies Readonly<Record<string, Right>>;

export type RightName = keyof typeof rights;

/** What every part of the engine takes. */
export const enginesRights = [
  'read and write runs',
  'read blobs',
  'write blobs',
  'list objects',
  'send tasks',
] as const satisfies readonly RightName[];

/** A statement for each right; none where there is nothing to be allowed. */
export function statementsFor(
  names: readonly RightName[],
  belongings: Belongings,
): readonly iam.PolicyStatement[] {
  return names
    .map((name) => rights[name](belongings))
    .filter(({ resources }) => resources.length > 0)
    .map(
      ({ actions, resources }) =>
        new iam.PolicyStatement({ actions: [...actions], resources: [...resources] }),
    );
}
