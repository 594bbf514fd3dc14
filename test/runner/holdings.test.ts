import { expect, test } from '@jest/globals';
import type { Held, Letter } from '../../src/runner/held.ts';
import { Holdings } from '../../src/runner/holdings.ts';

const letterOf = (receipt: string, open = 1): Letter => ({
  receipt,
  open,
  removed: false,
  stays: false,
  visibleAt: 0,
});
const heldOf = (key: number, letter: Letter, name = 'r#0#1'): Held =>
  ({ key, name, letter }) as Held;

function open() {
  const done: string[] = [];
  return { done, holdings: new Holdings((receipt) => done.push(receipt)) };
}

test('a message that comes again while its attempt is held is done with that attempt, not before', () => {
  const { holdings, done } = open();
  const first = heldOf(1, letterOf('first'));
  expect(holdings.add(first)).toBe(true);
  expect(holdings.add(heldOf(2, letterOf('again')))).toBe(false);
  expect(holdings.add(heldOf(3, letterOf('third')))).toBe(false);
  expect([done, holdings.size]).toEqual([[], 1]);
  holdings.letGo(first);
  expect([done, holdings.size]).toEqual([['first', 'again', 'third'], 0]);
  expect(holdings.add(heldOf(4, letterOf('later')))).toBe(true);
});

test('what else such a message brought is waited for', () => {
  const { holdings, done } = open();
  const both = letterOf('both', 2);
  const [first, other] = [heldOf(1, letterOf('first')), heldOf(2, both, 'r#1#1')];
  expect([first, heldOf(3, both), other].map((held) => holdings.add(held))).toEqual([
    true,
    false,
    true,
  ]);
  holdings.letGo(first);
  expect(done).toEqual(['first']);
  holdings.letGo(other);
  expect(done).toEqual(['first', 'both']);
});

test('a message that comes again once a heartbeat answers for its attempt is done at once', () => {
  const { holdings, done } = open();
  const letter = letterOf('first');
  holdings.add(heldOf(1, letter));
  letter.removed = true;
  expect(holdings.add(heldOf(2, letterOf('again')))).toBe(false);
  expect(done).toEqual(['again']);
});

test('of an attempt that is left to somebody else every message stays', () => {
  const { holdings, done } = open();
  const again = letterOf('again');
  const first = heldOf(1, letterOf('first'));
  holdings.add(first);
  holdings.add(heldOf(2, again));
  holdings.leave(first);
  expect([done, first.letter.stays, again.stays]).toEqual([[], true, true]);
});
