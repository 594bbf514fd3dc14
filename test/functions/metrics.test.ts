import { beforeEach, describe, expect, test } from '@jest/globals';
import { countFeed, countingEnds } from '../../functions/shared/counted.ts';
import { Metrics } from '../../functions/shared/metrics.ts';
import type { Item, PutResult, Table } from '../../src/ports/table.ts';

const lines: string[] = [];
const told = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line));
let metrics: Metrics;
beforeEach(() => {
  lines.length = 0;
  metrics = new Metrics(
    'my-table',
    () => 1234,
    (line) => lines.push(line),
  );
});

describe('metrics', () => {
  test('are one line in the embedded metric format, with all that was counted', () => {
    metrics.count('RunsStarted');
    metrics.count('AttemptsFailed', 2);
    metrics.count('RunsStarted', 3);
    metrics.flush();
    expect(told()).toEqual([
      {
        _aws: {
          Timestamp: 1234,
          CloudWatchMetrics: [
            {
              Namespace: 'Fanfold',
              Dimensions: [['Deployment']],
              Metrics: [
                { Name: 'RunsStarted', Unit: 'Count' },
                { Name: 'AttemptsFailed', Unit: 'Count' },
              ],
            },
          ],
        },
        Deployment: 'my-table',
        RunsStarted: 4,
        AttemptsFailed: 2,
      },
    ]);
  });

  test('say nothing, and cost nothing, when nothing was counted since they last did', () => {
    metrics.count('Repairs', 0);
    metrics.flush();
    metrics.count('Repairs');
    metrics.flush();
    metrics.flush();
    expect(lines).toHaveLength(1);
  });
});

const item = (sort: string, data: Item['data']): Item => ({
  partition: 'main/RUN#1',
  sort,
  version: 1,
  data,
});
const counted = (): object => {
  metrics.flush();
  const { _aws, Deployment, ...counts } = told().at(-1) ?? {};
  return counts;
};

test('the feed tells which runs began, and how attempts ended', () => {
  const reports = ['succeeded', 'succeeded', 'failed', 'released', 'cancelled'];
  countFeed(
    [
      item('META', { state: 'running' }),
      item('PACK#r#1', { reports: reports.map((outcome, task) => ({ task, outcome })) }),
      item('MIX#r#2', { reports: [{ run: '2', task: 0, outcome: 'succeeded' }] }),
      item('LOST#1#1', { task: 1, attempt: 1 }),
      item('CONTROL#1', { action: 'pause' }),
    ],
    metrics,
  );
  expect(counted()).toEqual({
    RunsStarted: 1,
    AttemptsSucceeded: 3,
    AttemptsFailed: 1,
    AttemptsReleased: 1,
    AttemptsCancelled: 1,
    AttemptsLost: 1,
  });
});

test("a run's end counts when it is stored, and only then", async () => {
  const refused: PutResult = { done: false, found: undefined };
  const answers: PutResult[] = [{ done: true }, refused, { done: true }, { done: true }];
  const table = {
    put: async () => answers.shift() as PutResult,
    putMany: async (puts: readonly unknown[]) => answers.splice(0, puts.length),
  } as unknown as Table;
  const watched = countingEnds(table, metrics);
  await watched.put(item('META', { state: 'succeeded' }), 'any');
  await watched.put(item('META', { state: 'succeeded' }), 'any');
  await watched.putMany([
    { item: item('META', { state: 'failed' }), condition: 'any' },
    { item: item('PROGRESS#1', { state: 'failed' }), condition: 'any' },
  ]);
  expect(counted()).toEqual({ RunsSucceeded: 1, RunsFailed: 1 });
});
