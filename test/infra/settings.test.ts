import { expect, test } from '@jest/globals';
import { poolFacts } from '../../infra/pool-settings.ts';
import { parseSettings } from '../../infra/settings.ts';
import { blocks } from '../examples/readme.ts';

test('without settings there is one pool of Lambda runners, and data is kept', () => {
  const { pools, keepData } = parseSettings(undefined);
  expect(Object.keys(pools)).toEqual(['default']);
  expect(pools.default).toMatchObject({ kind: 'lambda', timeoutSeconds: 900 });
  expect(keepData).toBe(true);
});

test('every mistake is named with its place', () => {
  const given = {
    pools: { Big: { kind: 'lambda' }, slow: { kind: 'lambda', timeoutSeconds: 9000 } },
    colour: 1,
  };
  expect(() => parseSettings(given)).toThrow(/context fanfold\.pools\.Big: .*small letters/);
  expect(() => parseSettings(given)).toThrow(/context fanfold\.pools\.slow\.timeoutSeconds: /);
  expect(() => parseSettings(given)).toThrow(/colour/);
});

test('the settings in the README are settings', () => {
  const block = blocks.find(({ file }) => file === 'cdk.json');
  const { context } = JSON.parse(block?.text.replace(/^\/\/.*\n/, '') ?? '');
  expect(parseSettings(context.fanfold).pools.long).toMatchObject({ kind: 'fargate', slots: 4 });
});

test('they may come as JSON from the command line, and what is none is said to be none', () => {
  expect(parseSettings('{"keepData": false}').keepData).toBe(false);
  expect(() => parseSettings('{keepData')).toThrow(
    /^the settings are no JSON: context fanfold is {keepData$/,
  );
});

test.each([
  [{ pools: {} }, /context fanfold\.pools: at least one pool/],
  [{ pools: { a: { kind: 'cloud' } } }, /context fanfold\.pools\.a\.kind: /],
  [{ alarmTopic: 'me@example.com' }, /context fanfold\.alarmTopic: the address of a topic/],
  [{ logDays: 10 }, /context fanfold\.logDays: /],
])('%j is refused with what is wrong', (given, says) => {
  expect(() => parseSettings(given)).toThrow(says);
});

test('what a runner has for attempts follows from its size, less what it takes itself', () => {
  const pools = parseSettings({
    pools: { small: { kind: 'lambda' }, long: { kind: 'fargate', cpu: 4096, memoryMb: 8192 } },
  }).pools;
  expect(poolFacts(pools)).toEqual({
    small: { attemptMsMax: 900_000, capacity: { cpu: 1, memoryMb: 1577, diskMb: 256, gpu: 0 } },
    long: { capacity: { cpu: 4, memoryMb: 8000, diskMb: 18_432, gpu: 0 } },
  });
});
