import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Rights, rightsOf } from '../support/infra-rights.ts';
import { openCodeFolder, synthesize } from '../support/infra-stacks.ts';

const code = openCodeFolder();
afterAll(code.close);

/** What every part of the engine may do. */
const engine = {
  'StateTable.Arn': 'dynamodb:BatchGetItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query',
  'StateBucket.Arn': 's3:ListBucket',
  'StateBucket.Arn/blobs/*': 's3:GetObject s3:PutObject',
  'StateBucket.Arn/messages/*': 's3:GetObject s3:PutObject',
  'QueuesTasksdefault.Arn': 'sqs:SendMessage',
};
const tableWithRemoval =
  'dynamodb:BatchGetItem dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query';
const ownLog = 'logs:CreateLogStream logs:PutLogEvents';

/** All that is allowed to whom: nothing else may be in the templates. */
const allowed: Readonly<Record<string, Rights>> = {
  ControlApi: {
    ...engine,
    'StateTable.Arn': tableWithRemoval,
    'StateTable.Arn/index/recent': 'dynamodb:Query',
    'StateBucket.Arn/logs/*': 's3:GetObject',
    'ControlApiLogs.Arn': ownLog,
  },
  ControlArchive: {
    ...engine,
    'StateTable.Arn':
      'dynamodb:BatchGetItem dynamodb:BatchWriteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query',
    'StateTable.Arn/index/active': 'dynamodb:Query',
    'StateTable.Arn/index/recent': 'dynamodb:Query',
    'ControlArchiveLogs.Arn': ownLog,
  },
  ControlFanOut: {
    ...engine,
    'StateTable.StreamArn': 'dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator',
    '*': 'dynamodb:ListStreams',
    'ControlRefused.Arn': 'sqs:GetQueueAttributes sqs:GetQueueUrl sqs:SendMessage',
    'ControlFanOutLogs.Arn': ownLog,
  },
  ControlSweep: {
    ...engine,
    'StateTable.Arn': tableWithRemoval,
    'StateTable.Arn/index/active': 'dynamodb:Query',
    'QueuesDead.Arn': 'sqs:DeleteMessage sqs:ReceiveMessage',
    'ControlSweepLogs.Arn': ownLog,
  },
  PooldefaultRun: {
    ...engine,
    'StateBucket.Arn/logs/*': 's3:PutObject',
    'QueuesTasksdefault.Arn':
      'sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ReceiveMessage sqs:SendMessage',
    'PooldefaultRunLogs.Arn': ownLog,
  },
};

let found: Readonly<Record<string, Rights>>;
beforeAll(() => {
  const { templates } = synthesize({}, code.folder);
  found = Object.assign({}, ...Object.values(templates).map(rightsOf));
});

test('each function may do what is written here, and nothing else', () => {
  expect(found).toEqual(allowed);
});

test('no right is by a wildcard, save to look for streams', () => {
  for (const rights of Object.values(found))
    for (const [resource, actions] of Object.entries(rights)) {
      expect(actions).not.toContain('*');
      if (resource === '*') expect(actions).toBe('dynamodb:ListStreams');
    }
});

test('who sizes pools may look at their queues, and set no more than how many runners there are', () => {
  const image = { repository: 'mine', tag: 'stable' };
  const pools = { default: { kind: 'lambda' }, long: { kind: 'fargate', image } };
  const { templates } = synthesize({ pools }, code.folder);
  const scale = rightsOf(templates.runners).Scale;
  expect(scale?.['QueuesTaskslong.Arn']).toBe('sqs:GetQueueAttributes sqs:SendMessage');
  const onServices = Object.values(scale ?? {}).filter((actions) => actions.includes('ecs:'));
  expect(onServices).toEqual(['ecs:DescribeServices ecs:UpdateService']);
});
