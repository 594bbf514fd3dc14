import { expect, test } from '@jest/globals';
import { pushedIn } from '../../functions/shared/pushed.ts';
import { ticksOf } from '../../functions/shared/ticks.ts';

/** As ECR's documentation shows it. */
const event = {
  version: '0',
  id: '13cde686-328b-6117-af20-0e5566167482',
  'detail-type': 'ECR Image Action',
  source: 'aws.ecr',
  account: '123456789012',
  time: '2019-11-16T01:54:34Z',
  region: 'us-west-2',
  resources: [],
  detail: {
    result: 'SUCCESS',
    'repository-name': 'my-repository-name',
    'image-digest': 'sha256:7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd1234',
    'action-type': 'PUSH',
    'image-tag': 'latest',
  },
};
const pool = (name: string, repository: string, tag: string) => ({
  pool: name,
  repository,
  tag,
  runs: { cluster: 'c', service: name },
});
const watched = [
  pool('a', 'my-repository-name', 'latest'),
  pool('b', 'my-repository-name', 'stable'),
  pool('c', 'another', 'latest'),
];

test('a push is of the pools that run what has its tag', () => {
  expect(pushedIn(event, watched)).toEqual({
    image: {
      repository: 'my-repository-name',
      digest: 'sha256:7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd1234',
      at: Date.UTC(2019, 10, 16, 1, 54, 34),
    },
    pools: [watched[0]],
  });
});

const detail = (more: object) => ({ ...event, detail: { ...event.detail, ...more } });

test.each([
  ['without a tag', detail({ 'image-tag': undefined })],
  ['that failed', detail({ result: 'FAILURE' })],
  ['back', detail({ 'action-type': 'DELETE' })],
])('a push %s is of none', (_, other) => {
  expect(pushedIn(other, watched).pools).toEqual([]);
});

test.each([
  ['another event', { ...event, source: 'aws.ecs' }],
  ['a digest that is none', detail({ 'image-digest': 'latest' })],
  ['nothing', {}],
])('%s is refused', (_, other) => {
  expect(() => pushedIn(other, watched)).toThrow();
});

test('of ticks each counts once, and calls from elsewhere are one without a name', () => {
  const bodies = (...ticks: (string | undefined)[]) =>
    ticks.map((tick) => ({ body: JSON.stringify({ tick }) }));
  expect(ticksOf([])).toEqual([undefined]);
  expect(ticksOf(bodies(undefined, undefined))).toEqual([undefined]);
  expect(ticksOf(bodies('a', undefined, 'b', 'a'))).toEqual(['a', 'b']);
});
