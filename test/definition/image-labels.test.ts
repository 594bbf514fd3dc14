import { describe, expect, test } from '@jest/globals';
import { labelBytesMax, taskTypesMax } from '../../src/contract/image.ts';
import { type Labels, readImageLabels } from '../../src/definition/image-labels.ts';

const read = (labels: Labels) => readImageLabels(labels, 'video');
const why = (labels: Labels, facts?: Parameters<typeof readImageLabels>[2]): string[] => {
  const found = readImageLabels(labels, 'video', facts);
  return 'why' in found ? found.why.split('\n') : [];
};
const task = (text: string): Labels => ({ 'dev.fanfold.task.cut': text });

describe('the labels of an image', () => {
  test('say its task types as authors write tasks: what runs, sizes, limits, and which types go before', () => {
    const labels = {
      'dev.fanfold.task.cut':
        '{command: [/app/cut, --fast], resources: {cpu: 2, memory: 4GB}, timeout: 5m, retries: 2, needs: fetch}',
      'dev.fanfold.task.fetch': '{"run": "/app/fetch.sh"}',
      'org.opencontainers.image.title': 'not ours',
    };
    expect(read(labels)).toEqual({
      types: [
        {
          id: 'cut',
          needs: ['fetch'],
          run: { kind: 'command', argv: ['/app/cut', '--fast'] },
          resources: { cpu: 2, memoryMb: 4096 },
          limits: { runMs: 300_000 },
          retry: { attemptsMax: 3 },
        },
        { id: 'fetch', run: { kind: 'script', language: 'shell', path: '/app/fetch.sh' } },
      ],
    });
  });

  test('of others say nothing, and one that was made empty takes back what the image below said', () => {
    expect(read({})).toEqual({ types: [] });
    expect(read({ maintainer: 'x', 'dev.fanfold.task.cut': '' })).toEqual({ types: [] });
  });
});

describe('an image is rejected, with each reason and its label,', () => {
  const cases: readonly [string, Labels, RegExp][] = [
    [
      'for a label that is none',
      { 'dev.fanfold.tasks': 'x' },
      /^dev\.fanfold\.tasks: there is no such label/,
    ],
    [
      'for a name that is none',
      { 'dev.fanfold.task.a/b': 'x' },
      /^dev\.fanfold\.task\.a\/b: "a\/b" is no name/,
    ],
    ['for a text that is no YAML', task('{run: ['), /^dev\.fanfold\.task\.cut: /],
    ['for a task that is none', task('just text'), /^dev\.fanfold\.task\.cut: .*must be a map/],
    ['for nothing to do', task('{timeout: 5m}'), /^dev\.fanfold\.task\.cut: nothing to do/],
    [
      'for a key that is none',
      task('{run: x, memory: 4GB}'),
      /^dev\.fanfold\.task\.cut: \/memory unknown key/,
    ],
    [
      'for a size that is none',
      task('{run: x, resources: {memory: big}}'),
      /^dev\.fanfold\.task\.cut: \/resources\/memory /,
    ],
    [
      'for a need that is none of its types',
      task('{run: x, needs: fetch}'),
      /^dev\.fanfold\.task\.cut: \/needs.* unknown need "fetch"/,
    ],
    [
      'for a need of itself',
      task('{run: x, needs: cut}'),
      /^dev\.fanfold\.task\.cut: .*"cut" needs itself/,
    ],
    [
      'for what the workflow says',
      task('{run: x, pool: y, each: [1], with: 5}'),
      /^dev\.fanfold\.task\.cut: "pool", "each" or "with" cannot be said by a label/,
    ],
    ['for another image', task('{image: a/b}'), /^dev\.fanfold\.task\.cut: "image" cannot be said/],
    ['for control characters', task('{run: "a\0"}'), /^dev\.fanfold\.task\.cut: .*U\+0000/],
    ['for too much', task(`{run: "${'x'.repeat(labelBytesMax)}"}`), /longer than/],
  ];
  test.each(cases)('%s', (_, labels, want) => {
    const told = why(labels);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(want);
  });

  test('for several at once', () => {
    const labels = { 'dev.fanfold.task.a': '{}', 'dev.fanfold.task.b': '[]', 'dev.fanfold.c': 'x' };
    expect(why(labels).length).toBeGreaterThanOrEqual(1);
    expect(why({ ...labels, 'dev.fanfold.task.a': '{run: ' })).toHaveLength(2);
  });

  test('for more types than one may have', () => {
    const many = Array.from({ length: taskTypesMax + 1 }, (_, i) => [
      `dev.fanfold.task.t${i}`,
      '{run: x}',
    ]);
    expect(why(Object.fromEntries(many))).toEqual([`more than ${taskTypesMax} task types`]);
  });

  test('for a size that no runner of the pool has', () => {
    const facts = {
      attemptMsMax: 60_000,
      capacity: { cpu: 1, memoryMb: 512, diskMb: 1024, gpu: 0 },
    };
    expect(why(task('{run: x, resources: {cpu: 1}, timeout: 1m}'), facts)).toEqual([]);
    expect(why(task('{run: x, resources: {cpu: 2, memory: 1GB}, timeout: 5m}'), facts)).toEqual([
      'dev.fanfold.task.cut: its time limit of 5m is longer than the 1m that pool video lets an attempt take',
      expect.stringMatching(
        /^dev\.fanfold\.task\.cut: it asks for .*cpu.* and a runner of pool video has/,
      ),
      expect.stringMatching(/^dev\.fanfold\.task\.cut: it asks for .*memory/),
    ]);
  });
});
