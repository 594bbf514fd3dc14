import { expect, test } from '@jest/globals';
import { beyond, fitting, resourcesText, without } from '../../src/core/resources.ts';

const there = { cpu: 2, memoryMb: 4096, diskMb: 1000, gpu: 1 };

test.each([
  [{}, Number.POSITIVE_INFINITY],
  [{ cpu: 0.5 }, 4],
  [{ cpu: 0.5, memoryMb: 1500 }, 2],
  [{ cpu: 0.5, gpu: 1 }, 1],
  [{ cpu: 4 }, 0],
  [{ cpu: 1, gpu: 0 }, 2],
])('%j fits %d times', (asked, times) => {
  expect(fitting(asked, there)).toBe(times);
});

test('what is taken and given back leaves what was there, also of tenths', () => {
  const tenths = { cpu: 0.1, memoryMb: 1 };
  let free: typeof there = there;
  for (let n = 0; n < 20; n++) free = without(free, tenths);
  expect(fitting({ cpu: 0.1 }, free)).toBe(0);
  for (let n = 0; n < 20; n++) free = without(free, tenths, -1);
  expect(fitting({ cpu: 2 }, free)).toBe(1);
});

test('what is beyond it is named, and told in words', () => {
  const asked = { cpu: 2.5, memoryMb: 4096, diskMb: 2048, gpu: 0 };
  expect(beyond(asked, there)).toEqual(['cpu', 'diskMb']);
  expect(resourcesText(asked)).toBe('2.5 cpu, 4GB of memory, 2GB of disk');
});
