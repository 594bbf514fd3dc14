import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { openCodeFolder, synthesize } from '../support/infra-stacks.ts';

describe('the stacks', () => {
  const code = openCodeFolder();
  let state: Template;
  let control: Template;
  let runners: Template;
  let observe: Template;

  beforeAll(() => {
    const settings = { pools: { default: { kind: 'lambda', timeoutSeconds: 100 } } };
    const { templates } = synthesize(settings, code.folder);
    ({ state, control, runners, observe } = templates);
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
      ParallelizationFactor: 1,
      MaximumRecordAgeInSeconds: 23 * 3600,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: {
        OnFailure: {
          Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ControlRefused'), 'Arn'] },
        },
      },
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

  test('ask every caller of the API for a signature', () => {
    control.allResourcesProperties('AWS::ApiGatewayV2::Route', { AuthorizationType: 'AWS_IAM' });
  });

  test('write down who asked the API for what', () => {
    control.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AccessLogSettings: { DestinationArn: Match.anyValue(), Format: Match.anyValue() },
    });
  });

  test('forget what functions log after the days of the settings', () => {
    for (const template of [control, runners])
      template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  test('tell of dead letters, refused records, a feed that lags, errors and throttles', () => {
    const alarms = observe.findResources('AWS::CloudWatch::Alarm');
    const names = Object.values(alarms).map(({ Properties }) => Properties.AlarmName);
    const kinds = [
      'dead-letters',
      'errors',
      'feed-lag',
      'refused-records',
      'throttled-api',
      'throttled-fan-out',
    ];
    expect(names.sort()).toEqual(kinds.map((kind) => `fanfold-${kind}`));
    for (const { Properties } of Object.values(alarms)) {
      expect(Properties.TreatMissingData).toBe('notBreaching');
      expect(Properties.AlarmDescription).toMatch(/\.$/);
    }
  });

  test("count every function's errors in its log", () => {
    const logGroups = [control, runners].flatMap((template) =>
      Object.keys(template.findResources('AWS::Logs::LogGroup')).filter((id) => !/Access/.test(id)),
    );
    observe.resourceCountIs('AWS::Logs::MetricFilter', logGroups.length);
    observe.allResourcesProperties('AWS::Logs::MetricFilter', {
      FilterPattern: Match.stringLikeRegexp('level.*ERROR.*Status: timeout.*Status: error'),
      MetricTransformations: [{ MetricNamespace: 'Fanfold', MetricName: 'Errors-fanfold' }],
    });
  });

  test.each(['state', 'control', 'runners', 'observe'] as const)(
    'are as they were reviewed: %s',
    (name) => {
      expect({ state, control, runners, observe }[name].toJSON()).toMatchSnapshot();
    },
  );

  test('ask for the topic of the settings only', () => {
    const alarmTopic = 'arn:aws:sns:us-east-1:000000000000:mine';
    const { templates } = synthesize({ alarmTopic }, code.folder);
    templates.observe.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [alarmTopic],
      OKActions: [alarmTopic],
    });
    observe.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: Match.absent() });
  });
});
