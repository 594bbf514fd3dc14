import { expect, test } from '@jest/globals';
import type { Held, Letter } from '../../src/runner/held.ts';
import { sortLetters } from '../../src/runner/letters.ts';

const letter = (receipt: string, of: Partial<Letter> = {}): Letter => ({
  receipt,
  open: 1,
  removed: false,
  stays: false,
  visibleAt: 0,
  ...of,
});
const held = (of: Letter, granted = true): Held => ({ letter: of, granted }) as Held;

test('a message is answered for when all of it was claimed and listed', () => {
  const one = letter('one');
  const listed = [held(one), held(one)];
  expect(sortLetters(listed, listed, [])).toEqual({ answered: [one], needed: [] });
});

test('a message with a task that still waits for room is needed', () => {
  const one = letter('one');
  const listed = [held(one)];
  expect(sortLetters(listed, listed, [one])).toEqual({ answered: [], needed: [one] });
});

test('a message with an attempt whose claim is not granted yet is needed', () => {
  const one = letter('one');
  const listed = [held(one), held(one, false)];
  expect(sortLetters(listed, listed, [])).toEqual({ answered: [], needed: [one] });
});

test('a message with an attempt that was taken while the heartbeat was written is needed', () => {
  const one = letter('one');
  const listed = [held(one)];
  expect(sortLetters(listed, [...listed, held(one)], [])).toEqual({ answered: [], needed: [one] });
});

test('a message that is gone, or is to come again, is left alone', () => {
  const gone = letter('gone', { removed: true });
  const again = letter('again', { stays: true });
  const listed = [held(gone), held(again, false)];
  expect(sortLetters(listed, listed, [])).toEqual({ answered: [], needed: [] });
});
