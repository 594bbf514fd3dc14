import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { idleBill, type StackTemplate, totalOf } from '../../bench/idle/bill.ts';
import { idleVisits } from '../../bench/idle/visits.ts';
import {
  imagesEnvSchema,
  poolsEnvSchema,
  runnerEnvSchema,
  scaleEnvSchema,
} from '../../functions/shared/env.ts';
import { parseSettings } from '../../infra/settings.ts';
import { everyKind } from '../support/infra-pools.ts';
import { rightsOf } from '../support/infra-rights.ts';
import { openCodeFolder, type Synthesized, synthesize } from '../support/infra-stacks.ts';
import { reviewedFindings } from './reviewed-findings.ts';

const code = openCodeFolder();
afterAll(code.close);

/** What a function is told, with names in place of what is known only when it is deployed. */
function told(template: Template, variable: string): string[] {
  return Object.values(template.findResources('AWS::Lambda::Function'))
    .map(({ Properties }) => Properties.Environment?.Variables[variable])
    .filter((value) => value !== undefined)
    .map((value) =>
      typeof value === 'string'
        ? value
        : value['Fn::Join'][1]
            .map((part: unknown) => (typeof part === 'string' ? part : 'x'))
            .join(''),
    );
}

describe('pools of every kind', () => {
  let all: Synthesized;
  let runners: Template;
  beforeAll(() => {
    all = synthesize({ pools: everyKind }, code.folder);
    runners = all.templates.runners;
  });

  test("AWS's rules find nothing that was not reviewed, and all that was reviewed", () => {
    const { violations } = new AwsSolutionsChecks(all.app).validateScope(all.app);
    const found = violations.flatMap(({ ruleName, violatingResources }) =>
      (violatingResources ?? []).map(({ constructPath = '' }) => ({
        rule: ruleName,
        at: constructPath,
      })),
    );
    const covers = (one: (typeof reviewedFindings)[number], { rule, at }: (typeof found)[number]) =>
      one.finding.test(rule) && one.at.test(at);
    expect(found.filter((one) => !reviewedFindings.some((known) => covers(known, one)))).toEqual(
      [],
    );
    expect(reviewedFindings.filter((known) => !found.some((one) => covers(known, one)))).toEqual(
      [],
    );
  });

  test('cost while nothing runs what is looked at for them, and no runner', async () => {
    const json = Object.fromEntries(
      Object.entries(all.templates).map(([name, template]) => [name, template.toJSON()]),
    );
    const charges = idleBill(json as Record<string, StackTemplate>, await idleVisits());
    const kinds = new Set(charges.filter(({ usdMonth }) => usdMonth > 0).map(({ type }) => type));
    expect(kinds).toEqual(
      new Set(['AWS::Lambda::EventSourceMapping', 'AWS::Events::Rule', 'AWS::CloudWatch::Alarm']),
    );
    // Of `scale`: its queue of ticks, a call a minute, and for each of the two pools a look at its queue and a note.
    const scale = charges.filter(
      ({ stack, type }) => stack === 'runners' && type === 'AWS::Events::Rule',
    );
    expect(scale.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['2 looks at a queue each', '2 writes each']),
    );
    expect(totalOf(charges)).toBeLessThanOrEqual(2.5);
  });

  test('are told to the API with what their runners have', () => {
    const [text = ''] = told(all.templates.control, 'FANFOLD_POOLS');
    const { FANFOLD_POOLS } = poolsEnvSchema.parse({ FANFOLD_POOLS: text });
    expect(FANFOLD_POOLS.own).toEqual({
      capacity: { cpu: 16, memoryMb: 65_536, diskMb: 100_000, gpu: 2 },
    });
    expect(Object.keys(FANFOLD_POOLS)).toEqual(['default', 'image', 'long', 'own']);
  });

  test('that are elsewhere are sized through their API, with a token that is a secret', () => {
    const [text = ''] = told(runners, 'FANFOLD_SCALED');
    const { FANFOLD_SCALED } = scaleEnvSchema.parse({ FANFOLD_SCALED: text });
    const { url, tokenSecret } = everyKind.own;
    expect(FANFOLD_SCALED.own).toMatchObject({ kind: 'datacenter', url, tokenSecret });
    expect(FANFOLD_SCALED.own?.capacity).toMatchObject({ runnersMax: 6, billedMsMin: 0 });
    expect(FANFOLD_SCALED.long?.kind).toBe('ecs');
    expect(rightsOf(runners).Scale?.[tokenSecret]).toBe('secretsmanager:GetSecretValue');
  });

  test('that are elsewhere get a policy for their runners, and their environment', () => {
    const [policy] = Object.values(runners.findResources('AWS::IAM::ManagedPolicy'));
    const statements = policy?.Properties.PolicyDocument.Statement as {
      Action: string | string[];
    }[];
    const actions = statements.flatMap(({ Action }) => Action).sort();
    expect([...new Set(actions)].join(' ')).toBe(
      'dynamodb:BatchGetItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query s3:GetObject s3:ListBucket s3:PutObject sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage sqs:SendMessage',
    );
    const [output] = Object.values(
      runners.findOutputs('*', { Description: Match.stringLikeRegexp('^The environment') }),
    );
    const text = output?.Value['Fn::Join'][1]
      .map((part: unknown) => (typeof part === 'string' ? part : 'x'))
      .join('');
    const { FANFOLD_CAPACITY, ...env } = JSON.parse(text);
    expect(env).toMatchObject({ FANFOLD_POOL: 'own', FANFOLD_SLOTS: '4', FANFOLD_TABLE: 'x' });
    const runner = { FANFOLD_POOL: 'own', FANFOLD_SLOTS: '4', FANFOLD_CAPACITY };
    expect(runnerEnvSchema.parse(runner).FANFOLD_CAPACITY).toMatchObject({ gpu: 2 });
  });

  test('on Lambda may be an image, which brings its own program', () => {
    runners.hasResourceProperties('AWS::Lambda::Function', {
      PackageType: 'Image',
      Architectures: ['arm64'],
      Runtime: Match.absent(),
      Code: { ImageUri: Match.anyValue() },
    });
  });

  test('run what is pushed under their tag, as functions and as services, and who sees to it may do that alone', () => {
    const [text = ''] = told(runners, 'FANFOLD_IMAGES');
    const { FANFOLD_IMAGES } = imagesEnvSchema.parse({ FANFOLD_IMAGES: text });
    expect(FANFOLD_IMAGES).toEqual([
      { pool: 'image', repository: 'functions', tag: 'stable', runs: { function: 'x' } },
      { pool: 'long', repository: 'runners', tag: 'stable', runs: { cluster: 'x', service: 'x' } },
    ]);
    const rights = rightsOf(runners).Images ?? {};
    expect([...new Set(Object.values(rights))].sort()).toEqual([
      'ecs:DescribeServices ecs:UpdateService',
      'ecs:DescribeTaskDefinition',
      'ecs:RegisterTaskDefinition',
      'iam:PassRole',
      'lambda:GetFunction lambda:TagResource lambda:UpdateFunctionCode',
      'logs:CreateLogStream logs:PutLogEvents',
    ]);
  });
});

test('an image that is built comes from the folder of its language; one that is not there is told of, with those that are', () => {
  for (const language of ['python', 'go']) {
    mkdirSync(join(code.folder, language));
    writeFileSync(join(code.folder, language, 'Dockerfile'), 'FROM scratch\n');
  }
  const of = (image: object) =>
    synthesize({ pools: { default: { kind: 'lambda', image } } }, code.folder);
  const { runners } = of({ language: 'python' }).templates;
  runners.hasResourceProperties('AWS::Lambda::Function', { PackageType: 'Image' });
  expect(() => of({ language: 'cobol' })).toThrow(
    'there is no image for the language cobol, only for go, python',
  );
  expect(() => of({ folder: '/nowhere' })).toThrow('there is no Dockerfile in /nowhere');
});

test.each([
  [{ url: 'http://machines.example' }, /pools\.own\.url: an address that begins with https/],
  [{ tokenSecret: 'hunter2' }, /pools\.own\.tokenSecret: the address of a secret/],
  [{ runnersMin: 9 }, /pools\.own\.runnersMin: more than runnersMax/],
  [{ cpu: undefined }, /pools\.own\.cpu/],
])('of a data centre %j is refused with what is wrong', (wrong, says) => {
  expect(() => parseSettings({ pools: { own: { ...everyKind.own, ...wrong } } })).toThrow(says);
});
