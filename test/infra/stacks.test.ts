import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Control } from '../../infra/constructs/control.ts';
import { LambdaPool } from '../../infra/constructs/lambda-pool.ts';
import { Queues } from '../../infra/constructs/queues.ts';
import { State } from '../../infra/constructs/state.ts';
import { parseSettings } from '../../infra/settings.ts';

describe('the stacks', () => {
  let codeFolder: string;
  let template: Template;
  const statements: { Action: string | string[]; Resource: unknown }[] = [];

  beforeAll(() => {
    codeFolder = mkdtempSync(join(tmpdir(), 'fanfold-infra-'));
    for (const name of ['api', 'fan-out', 'sweep', 'run']) {
      mkdirSync(join(codeFolder, name));
      writeFileSync(join(codeFolder, name, 'index.mjs'), `export const name = '${name}';`);
    }
    const settings = parseSettings({ pools: { default: { kind: 'lambda', timeoutSeconds: 100 } } });
    const { namespace, logDays, decidersPerShard, pools, keepData } = settings;
    const stack = new Stack(new App(), 'All');
    const state = new State(stack, 'State', { keepData });
    const queues = new Queues(stack, 'Queues', { pools });
    const surroundings = { state, queues, namespace, logDays, codeFolder };
    new Control(stack, 'Control', { ...surroundings, decidersPerShard });
    const [pool] = Object.values(pools);
    const queue = queues.pools.default;
    if (pool === undefined || queue === undefined) throw new Error('there is a pool');
    new LambdaPool(stack, 'Pool', { ...surroundings, pool: 'default', queue, settings: pool });
    template = Template.fromStack(stack);
    for (const { Properties } of Object.values(template.findResources('AWS::IAM::Policy')))
      statements.push(...Properties.PolicyDocument.Statement);
  }, 60_000);
  afterAll(() => rmSync(codeFolder, { recursive: true, force: true }));

  test('keep the table: recovery to a point in time, and no deletion by mistake', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
      },
    });
  });

  test('let go of what was too large for a message when no message can be there any more', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: Match.arrayWith([
          Match.objectLike({ Prefix: 'messages/', ExpirationInDays: 15, Status: 'Enabled' }),
        ]),
      },
    });
  });

  test('wake the fan-out by inserts of what happens to runs only, and keep what it refuses', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      StartingPosition: 'TRIM_HORIZON',
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
      FilterCriteria: {
        Filters: Match.arrayWith([
          {
            Pattern:
              '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"s":{"S":[{"prefix":"META"}]}}}}',
          },
        ]),
      },
    });
  });

  test('give a message to one runner for as long as an attempt may take', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 160,
      RedrivePolicy: { maxReceiveCount: 10, deadLetterTargetArn: Match.anyValue() },
    });
  });

  test('allow no action by a wildcard, and none on everything', () => {
    expect(statements.length).toBeGreaterThan(0);
    for (const { Action, Resource } of statements) {
      for (const action of [Action].flat()) expect(action).not.toContain('*');
      // Which streams there are can be asked of all of them only.
      if (Action !== 'dynamodb:ListStreams') expect(Resource).not.toBe('*');
    }
  });

  test('ask every caller of the API for a signature', () => {
    template.allResourcesProperties('AWS::ApiGatewayV2::Route', { AuthorizationType: 'AWS_IAM' });
  });

  test('forget what functions log after the days of the settings', () => {
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });
});
