import { expect, test } from '@jest/globals';
import { invariant } from '../../src/core/invariant.ts';

test('what holds passes', () => {
  expect(() => invariant(1, 'one is something')).not.toThrow();
});

test('what does not hold stops the work with what was expected', () => {
  expect(() => invariant(undefined, 'a run has tasks')).toThrow(
    'invariant broken: a run has tasks',
  );
});
