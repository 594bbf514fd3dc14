import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { scaleEnvSchema, wakeEnvSchema } from '../../functions/shared/env.ts';
import { capacityOf } from '../../infra/capacity.ts';
import { fargatePool } from '../../infra/pool-settings.ts';
import { parseSettings } from '../../infra/settings.ts';
import { openCodeFolder, synthesize } from '../support/infra-stacks.ts';

const ofAll = new Set(['ecr:GetAuthorizationToken', 'ecs:DescribeTaskDefinition']);

const pools = {
  default: { kind: 'lambda' },
  long: {
    kind: 'fargate',
    image: { repository: 'runners', tag: 'stable' },
    cpu: 2048,
    memoryMb: 4096,
    spotShare: 0.7,
    runnersMax: 25,
  },
};

describe('a pool on Fargate', () => {
  const code = openCodeFolder();
  let state: Template;
  let control: Template;
  let runners: Template;
  const statements: { Action: string | string[]; Resource: unknown }[] = [];
  beforeAll(() => {
    const { templates } = synthesize({ pools }, code.folder);
    ({ state, control, runners } = templates);
    for (const { Properties } of Object.values(runners.findResources('AWS::IAM::Policy')))
      statements.push(...Properties.PolicyDocument.Statement);
  }, 60_000);
  afterAll(code.close);

  const container = (): Record<string, unknown> => {
    const [definition] = Object.values(runners.findResources('AWS::ECS::TaskDefinition'));
    return definition?.Properties.ContainerDefinitions[0];
  };

  test('has no runner until somebody wants one, and ends none before its successor is there', () => {
    runners.hasResourceProperties('AWS::ECS::Service', {
      DesiredCount: 0,
      EnableExecuteCommand: false,
      DeploymentConfiguration: {
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      },
    });
  });

  test('takes the share of cheap runners that the settings say', () => {
    runners.hasResourceProperties('AWS::ECS::Service', {
      CapacityProviderStrategy: [
        { CapacityProvider: 'FARGATE', Weight: 30 },
        { CapacityProvider: 'FARGATE_SPOT', Weight: 70 },
      ],
    });
  });

  test('has a cluster that knows both kinds of runners', () => {
    runners.hasResourceProperties('AWS::ECS::Cluster', {
      CapacityProviders: ['FARGATE', 'FARGATE_SPOT'],
    });
  });

  test('runs as nobody, without capabilities, and writes to two folders only', () => {
    expect(container()).toMatchObject({
      User: '10001:10001',
      ReadonlyRootFilesystem: true,
      LinuxParameters: { Capabilities: { Drop: ['ALL'] } },
      StopTimeout: 120,
      MountPoints: [
        { ContainerPath: '/work', ReadOnly: false },
        { ContainerPath: '/tmp', ReadOnly: false },
      ],
    });
  });

  test('keeps what its runners log for so long', () => {
    expect(container()).toMatchObject({
      LogConfiguration: { LogDriver: 'awslogs', Options: { mode: 'non-blocking' } },
    });
    runners.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  test('is of the size and kind of the settings', () => {
    runners.hasResourceProperties('AWS::ECS::TaskDefinition', {
      Cpu: '2048',
      Memory: '4096',
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
    });
  });

  test('is in a network that nobody can call into, and that costs nothing by itself', () => {
    runners.resourceCountIs('AWS::EC2::NatGateway', 0);
    runners.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: Match.absent(),
    });
    for (const { Properties } of Object.values(runners.findResources('AWS::EC2::VPCEndpoint')))
      expect(Properties.VpcEndpointType).toBe('Gateway');
  });

  test('may do no more than its runners need: no action by a wildcard, and nothing on everything', () => {
    expect(statements.length).toBeGreaterThan(0);
    for (const { Action, Resource } of statements) {
      for (const action of [Action].flat()) expect(action).not.toContain('*');
      // To whom a registry opens, and what a task definition says, can be asked of all of them only.
      if (!ofAll.has(String(Action))) expect(Resource).not.toBe('*');
    }
  });

  test('is sized by a function that may call itself, and is called once a minute', () => {
    runners.hasResourceProperties('AWS::Lambda::Function', {
      RecursiveLoop: 'Allow',
      Environment: { Variables: { FANFOLD_SCALED: Match.anyValue() } },
    });
    runners.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(1 minute)' });
    state.hasResourceProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: 300,
      VisibilityTimeout: 60,
    });
  });

  test('is told of, so that who sends it work can say so at once', () => {
    const found = Object.values(control.findResources('AWS::Lambda::Function'))
      .map(({ Properties }) => Properties.Environment?.Variables.FANFOLD_WAKES)
      .filter((wakes) => wakes !== undefined);
    expect(found.map((wakes) => wakeEnvSchema.parse({ FANFOLD_WAKES: wakes }))).toEqual([
      { FANFOLD_WAKES: ['long'] },
    ]);
  });

  test('shares what an account may launch with the others', () => {
    const settings = fargatePool.parse(pools.long);
    expect(capacityOf(settings, 4)).toMatchObject({
      runnersMax: 25,
      launches: { burst: 25, perSecond: 5 },
    });
    const { runnerHour, lateHour } = capacityOf(settings, 1).price;
    expect(runnerHour).toBeCloseTo(2 * 0.03238 + 4 * 0.00356);
    expect(lateHour).toBeCloseTo(6 * runnerHour);
    // As the function reads it.
    const scaled = {
      long: { kind: 'ecs', cluster: 'c', service: 's', capacity: capacityOf(settings, 4) },
    };
    const text = { FANFOLD_SCALED: JSON.stringify(scaled) };
    expect(scaleEnvSchema.parse(text).FANFOLD_SCALED).toEqual(scaled);
  });
});

test('an image that is pushed under the tag of a pool leads to a new revision, whose roles alone may be passed on', () => {
  const code = openCodeFolder();
  const { runners } = synthesize({ pools }, code.folder).templates;
  runners.hasResourceProperties('AWS::Events::Rule', {
    EventPattern: {
      source: ['aws.ecr'],
      'detail-type': ['ECR Image Action'],
      detail: { 'repository-name': ['runners'], 'action-type': ['PUSH'], result: ['SUCCESS'] },
    },
  });
  runners.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: 'iam:PassRole',
          Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
        }),
      ]),
    },
  });
  code.close();
});

test('without such a pool there is no network, no service and nobody who sizes', () => {
  const code = openCodeFolder();
  const { templates } = synthesize({}, code.folder);
  for (const type of ['AWS::EC2::VPC', 'AWS::ECS::Service', 'AWS::ECS::Cluster'])
    templates.runners.resourceCountIs(type, 0);
  templates.state.resourceCountIs('AWS::SQS::Queue', 2);
  code.close();
});

test('private runners go out through a gateway', () => {
  const code = openCodeFolder();
  const { templates } = synthesize({ pools, network: { privateSubnets: true } }, code.folder);
  templates.runners.resourceCountIs('AWS::EC2::NatGateway', 1);
  templates.runners.hasResourceProperties('AWS::ECS::Service', {
    NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'DISABLED' } },
  });
  code.close();
});

describe('wrong settings of a pool on Fargate are named with their place', () => {
  const cases: readonly [object, RegExp][] = [
    [{ cpu: 1000 }, /pools\.long\.cpu: one of 256/],
    [{ cpu: 256, memoryMb: 4096 }, /pools\.long\.memoryMb: with 256 CPU units from 512 to 2048/],
    [{ runnersMin: 5, runnersMax: 2 }, /pools\.long\.runnersMin: more than runnersMax/],
    [{ runnersMax: 1e9 }, /pools\.long\.runnersMax/],
    [{ image: { repository: '' } }, /pools\.long\.image/],
    [{ memory: 512 }, /memory/],
  ];
  test.each(cases)('%j', (wrong, want) => {
    const given = { pools: { long: { kind: 'fargate', ...wrong } } };
    expect(() => parseSettings(given)).toThrow(want);
  });

  test('settings on the command line are JSON', () => {
    expect(parseSettings('{"name":"other"}').name).toBe('other');
    expect(() => parseSettings('{name: other}')).toThrow('no JSON');
  });
});
