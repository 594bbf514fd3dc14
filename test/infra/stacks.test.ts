import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { openCodeFolder, synthesize } from '../support/infra-stacks.ts';

describe('the stacks', () => {
  const code = openCodeFolder();
  let state: Template;
  let control: Template;
  let runners: Template;
  const statements: { Action: string | string[]; Resource: unknown }[] = [];

  beforeAll(() => {
    const settings = { pools: { default: { kind: 'lambda', timeoutSeconds: 100 } } };
    const { templates } = synthesize(settings, code.folder);
    ({ state, control, runners } = templates);
    for (const template of Object.values(templates))
      for (const { Properties } of Object.values(template.findResources('AWS::IAM::Policy')))
        statements.push(...Properties.PolicyDocument.Statement);
  });
  afterAll(code.close);

  test('keep the table: recovery to a point in time, and no deletion by mistake', () => {
    state.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
      },
    });
  });

  test('let go of what was too large for a message when no message can be there any more', () => {
    state.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: Match.arrayWith([
          Match.objectLike({ Prefix: 'messages/', ExpirationInDays: 15, Status: 'Enabled' }),
        ]),
      },
    });
  });

  test('let go of blobs and logs when no run, archived or not, can need them any more', () => {
    // 730 days, four times 7 + 15 and a quarter, and two days for those who know a blob from before.
    for (const Prefix of ['blobs/', 'logs/'])
      state.hasResourceProperties('AWS::S3::Bucket', {
        LifecycleConfiguration: {
          Rules: Match.arrayWith([Match.objectLike({ Prefix, ExpirationInDays: 821 })]),
        },
      });
    control.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({ FANFOLD_ARCHIVE_AFTER_DAYS: '7', FANFOLD_KEEP_DAYS: '730' }),
      },
    });
  });

  test('wake the fan-out by inserts of what happens to runs only, and keep what it refuses', () => {
    control.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
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
    state.hasResourceProperties('AWS::SQS::Queue', {
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
    control.allResourcesProperties('AWS::ApiGatewayV2::Route', { AuthorizationType: 'AWS_IAM' });
  });

  test('forget what functions log after the days of the settings', () => {
    for (const template of [control, runners])
      template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });
});
