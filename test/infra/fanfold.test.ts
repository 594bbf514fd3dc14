import { afterAll, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Fanfold, type FanfoldProps, LambdaPool } from '../../infra/index.ts';
import { openCodeFolder } from '../support/infra-stacks.ts';

const code = openCodeFolder();
afterAll(code.close);

const env = { account: '000000000000', region: 'us-east-1' };
const mine = (): Stack => new Stack(new App(), 'Mine', { env });
const within = (stack: Stack, id: string, props: FanfoldProps = {}): Fanfold =>
  new Fanfold(stack, id, { codeFolder: code.folder, ...props });
const lambdaPool = { kind: 'lambda' } as const;

test('one construct is a whole deployment, and two of them get along', () => {
  const stack = mine();
  within(stack, 'One');
  within(stack, 'Two', {
    pools: { default: lambdaPool, big: { ...lambdaPool, memoryMb: 4096 } },
  });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::DynamoDB::Table', 2);
  template.resourceCountIs('AWS::Lambda::Function', 5 + 6);
  const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
  const names = alarms.map(({ Properties }) => Properties.AlarmName);
  expect(new Set(names).size).toBe(alarms.length);
});

test('what is there already is used, and not made again', () => {
  const stack = mine();
  const table = dynamodb.Table.fromTableAttributes(stack, 'Table', {
    tableArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/theirs',
    tableStreamArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/theirs/stream/1',
  });
  const bucket = s3.Bucket.fromBucketName(stack, 'Bucket', 'theirs');
  const queue = sqs.Queue.fromQueueArn(stack, 'Queue', 'arn:aws:sqs:us-east-1:000000000000:theirs');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 1, natGateways: 0 });
  const vpcSubnets = { subnetType: ec2.SubnetType.PUBLIC };
  const functionNetwork = { vpc: vpc as ec2.IVpc, vpcSubnets, allowPublicSubnet: true };
  within(stack, 'Tasks', { table, bucket, queues: { default: queue }, functionNetwork });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::DynamoDB::Table', 0);
  template.resourceCountIs('AWS::S3::Bucket', 0);
  // Dead letters and refused records are nobody's but Fanfold's.
  template.resourceCountIs('AWS::SQS::Queue', 2);
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:theirs',
  });
  template.allResourcesProperties('AWS::Lambda::Function', {
    Environment: { Variables: { FANFOLD_TABLE: 'theirs', FANFOLD_BUCKET: 'theirs' } },
  });
  const functions = Object.values(template.findResources('AWS::Lambda::Function'));
  for (const { Properties } of functions) expect(Properties.VpcConfig.SubnetIds).toHaveLength(1);
});

test('a pool of runners can be had by itself', () => {
  const stack = mine();
  const { state, queues } = within(stack, 'Tasks').parts;
  new LambdaPool(stack, 'More', {
    ...{ state, queues, namespace: 'main', logDays: 30, codeFolder: code.folder },
    retention: { archiveAfterDays: 7, keepDays: 730 },
    pool: 'default',
    queue: queues.pools.default as sqs.IQueue,
    settings: {
      ...lambdaPool,
      diskMb: 512,
      memoryMb: 512,
      slots: 1,
      timeoutSeconds: 60,
      processesMax: 5,
    },
  });
  Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 6);
});

test('wrong settings are refused as they are in cdk.json', () => {
  expect(() => within(mine(), 'Tasks', { logDays: 3 as 7 })).toThrow(/context fanfold\.logDays: /);
});

test('data that is not kept goes with its stack, also when there is some', () => {
  const stack = mine();
  within(stack, 'Tasks', { keepData: false });
  const template = Template.fromStack(stack);
  template.hasResource('AWS::DynamoDB::Table', {
    DeletionPolicy: 'Delete',
    Properties: { DeletionProtectionEnabled: false },
  });
  template.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
  template.resourceCountIs('Custom::S3AutoDeleteObjects', 1);
});
