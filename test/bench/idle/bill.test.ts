import { afterAll, describe, expect, test } from '@jest/globals';
import { idleBill, type StackTemplate, totalOf } from '../../../bench/idle/bill.ts';
import { idleVisits } from '../../../bench/idle/visits.ts';
import { openCodeFolder, synthesize } from '../../support/infra-stacks.ts';

const code = openCodeFolder();
afterAll(code.close);

const nothing = {};
const of = (Type: string, Properties: object = {}): Record<string, StackTemplate> => ({
  one: { Resources: { it: { Type, Properties } } },
});

test('an empty deployment with two pools on Lambda costs at most $1.50 a month', async () => {
  const pools = { default: { kind: 'lambda' }, other: { kind: 'lambda' } };
  const { templates } = synthesize({ pools }, code.folder);
  const json = Object.fromEntries(
    Object.entries(templates).map(([name, template]) => [name, template.toJSON()]),
  );
  const charges = idleBill(json as Record<string, StackTemplate>, await idleVisits());
  expect(totalOf(charges)).toBeLessThanOrEqual(1.5);
  // Two event sources of queues, all of what the sweep does, and the alarms: a bill that forgets one is too small.
  expect(totalOf(charges)).toBeGreaterThan(1);
  expect(new Set(charges.map(({ type }) => type))).toEqual(
    new Set(['AWS::Lambda::EventSourceMapping', 'AWS::Events::Rule', 'AWS::CloudWatch::Alarm']),
  );
});

describe('by hand', () => {
  test('five pollers of a queue ask three times a minute each: 657,000 requests a month', () => {
    expect(totalOf(idleBill(of('AWS::Lambda::EventSourceMapping'), nothing))).toBeCloseTo(
      0.2628,
      6,
    );
  });

  test('a stream is read for nothing', () => {
    const stream = of('AWS::Lambda::EventSourceMapping', { StartingPosition: 'TRIM_HORIZON' });
    expect(totalOf(idleBill(stream, nothing))).toBe(0);
  });

  test('an alarm costs by the metrics that it looks at', () => {
    const Metrics = [{ Expression: 'a+b' }, { MetricStat: {} }, { MetricStat: {} }];
    expect(totalOf(idleBill(of('AWS::CloudWatch::Alarm', { Metrics }), nothing))).toBeCloseTo(0.2);
    expect(totalOf(idleBill(of('AWS::CloudWatch::Alarm'), nothing))).toBeCloseTo(0.1);
  });

  test('a sweep reads 16 shards of runners and of wake lists strongly, 16 of an index, and looks for dead letters', async () => {
    expect((await idleVisits())['rate(1 minute)']).toEqual({
      timesInMonth: 43_800,
      readUnits: 40,
      queueRequests: 1,
      writeUnits: 0,
    });
  });

  test('what the clock calls costs for itself, for what it reads, and for its log', () => {
    const visits = { often: { timesInMonth: 1000, readUnits: 8, queueRequests: 2, writeUnits: 4 } };
    const resources = {
      it: {
        Type: 'AWS::Events::Rule',
        Properties: {
          ScheduleExpression: 'often',
          Targets: [{ Arn: { 'Fn::GetAtt': ['fn', 'Arn'] } }],
        },
      },
      fn: { Type: 'AWS::Lambda::Function', Properties: { MemorySize: 1024 } },
    };
    const charges = idleBill({ one: { Resources: resources } }, visits);
    expect(charges.map(({ usdMonth }) => usdMonth)).toEqual([
      expect.closeTo(0.0002, 9),
      expect.closeTo(300 * 0.0000133334, 9),
      expect.closeTo(0.001, 9),
      expect.closeTo(0.0008, 9),
      expect.closeTo(0.0025, 9),
      expect.closeTo(0.0006 * 0.53, 9),
    ]);
    expect(() => idleBill({ one: { Resources: resources } }, nothing)).toThrow(
      'no price is known for the schedule often',
    );
  });

  test('what has no price in the list is no part of a bill', () => {
    expect(() => idleBill(of('AWS::RDS::DBInstance'), nothing)).toThrow(
      'no price is known for it, a AWS::RDS::DBInstance',
    );
  });
});
