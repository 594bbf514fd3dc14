import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Answer, type ClaimRow, mergeClaims, type Wish } from '../../src/core/claim.ts';
import { diceOf } from '../support/dice.ts';

const claimer = (owner: string, nonce: string, at = 1) => ({ owner, nonce, at });
const wish = (place: number, attempt = 1): Wish => ({ place, attempt });
const granted = { granted: true } as const;

describe('a claim', () => {
  test('of an attempt that nobody has is granted', () => {
    const { rows, answers } = mergeClaims([], claimer('a', 'n1'), [wish(3), wish(5, 2)]);
    expect(answers).toEqual([granted, granted]);
    expect(rows).toEqual([
      [
        'a',
        'n1',
        1,
        [
          [3, 1],
          [5, 2],
        ],
      ],
    ]);
  });

  test('of an attempt that another has is refused, and says whose it is', () => {
    const standing: ClaimRow[] = [['a', 'n1', 7, [[3, 1]]]];
    const { rows, answers } = mergeClaims(standing, claimer('b', 'n2'), [wish(3)]);
    expect(rows).toBeUndefined();
    expect(answers).toEqual([{ granted: false, owner: 'a', at: 7, attempt: 1 }]);
  });

  test('of an attempt that the same owner has by another call is refused', () => {
    const standing: ClaimRow[] = [['a', 'n1', 7, [[3, 1]]]];
    expect(mergeClaims(standing, claimer('a', 'n2'), [wish(3)]).answers[0]?.granted).toBe(false);
  });

  test('that is tried again and had landed is granted, with nothing to write', () => {
    const first = mergeClaims([], claimer('a', 'n1'), [wish(3)]);
    const again = mergeClaims(first.rows ?? [], claimer('a', 'n1'), [wish(3)]);
    expect(again).toEqual({ rows: undefined, answers: [granted] });
  });

  test('of a later attempt takes the place of the earlier one, which can’t be had any more', () => {
    const first = mergeClaims([], claimer('a', 'n1'), [wish(3)]);
    const second = mergeClaims(first.rows ?? [], claimer('b', 'n2', 2), [wish(3, 2)]);
    expect(second.rows).toEqual([['b', 'n2', 2, [[3, 2]]]]);
    const late = mergeClaims(second.rows ?? [], claimer('c', 'n3'), [wish(3, 1)]);
    expect(late.answers).toEqual([{ granted: false, owner: 'b', at: 2, attempt: 2 }]);
    const mine = mergeClaims(second.rows ?? [], claimer('a', 'n1'), [wish(3, 1)]);
    expect(mine.answers[0]?.granted).toBe(false);
  });

  test('of one attempt twice is granted once, also when it is tried again', () => {
    const twice = [wish(3), wish(3)];
    const first = mergeClaims([], claimer('a', 'n1'), twice);
    expect(first.answers.map((answer) => answer.granted)).toEqual([true, false]);
    const again = mergeClaims(first.rows ?? [], claimer('a', 'n1'), twice);
    expect(again.answers.map((answer) => answer.granted)).toEqual([true, false]);
  });

  test('of two attempts at one task is granted for the later one, in whatever order', () => {
    const both = [wish(3, 1), wish(3, 2)];
    for (const wishes of [both, both.toReversed()]) {
      const { rows, answers } = mergeClaims([], claimer('a', 'n1'), wishes);
      expect(rows).toEqual([['a', 'n1', 1, [[3, 2]]]]);
      expect(wishes.filter((_, i) => answers[i]?.granted)).toEqual([wish(3, 2)]);
    }
  });

  test('keeps two rows an owner: what its last call was granted, and all before, with the times of both ends', () => {
    let rows: readonly ClaimRow[] = [['b', 'x', 1, [[60, 1]]]];
    for (let n = 0; n < 10; n++)
      rows = mergeClaims(rows, claimer('a', `n${n}`, n), [wish(n)]).rows ?? rows;
    expect(
      rows.map(([owner, nonce, at, tasks, since]) => [owner, nonce, at, tasks.length, since]),
    ).toEqual([
      ['b', 'x', 1, 1, undefined],
      ['a', '', 8, 9, 0],
      ['a', 'n9', 9, 1, undefined],
    ]);
  });
});

/**
 * Owners that claim through one versioned item. A write may land and not be known to have: then the same call is tried
 * again. Each owner makes one call at a time.
 */
class Block {
  version = 0;
  rows: readonly ClaimRow[] = [];
  readonly grants: string[] = [];
  readonly answers: { readonly wishes: readonly Wish[]; readonly answers: readonly Answer[] }[] =
    [];
  calls = 0;

  *call(owner: string, wishes: readonly Wish[], ambiguous: () => boolean): Generator<undefined> {
    const nonce = `n${++this.calls}`;
    for (;;) {
      const { version, rows } = this;
      yield;
      const merged = mergeClaims(rows, claimer(owner, nonce), wishes);
      yield;
      const refused = merged.rows !== undefined && this.version !== version;
      if (merged.rows !== undefined && !refused) {
        this.version++;
        this.rows = merged.rows;
      }
      if (refused || ambiguous()) continue;
      this.answers.push({ wishes, answers: merged.answers });
      for (const [i, { place, attempt }] of wishes.entries())
        if (merged.answers[i]?.granted) this.grants.push(`${place}@${attempt}`);
      return;
    }
  }
}

test('an attempt is granted exactly once, however writes interleave and whatever is not known of them', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 4 }), (seed, owners) => {
      const dice = diceOf(seed);
      const block = new Block();
      const wanted = new Set<string>();
      const call = (owner: number): Generator<undefined> => {
        const wishes = Array.from({ length: 1 + dice.upTo(3) }, () =>
          wish(dice.upTo(4), 1 + dice.upTo(3)),
        );
        for (const { place, attempt } of wishes) wanted.add(`${place}@${attempt}`);
        return block.call(`o${owner}`, wishes, () => dice.chance(0.3));
      };
      let left = 15;
      const busy = Array.from({ length: owners }, (_, owner) => call(owner));
      while (busy.some(Boolean)) {
        const owner = dice.upTo(owners);
        if (busy[owner]?.next().done !== true) continue;
        busy[owner] = left-- > 0 ? call(owner) : block.call(`o${owner}`, [], () => false);
        if (left < -owners * 2) break;
      }
      expect(new Set(block.grants).size).toBe(block.grants.length);
      // What was refused is held, by that attempt or by a later one.
      for (const { wishes, answers } of block.answers)
        for (const [i, answer] of answers.entries())
          if (!answer.granted)
            expect(answer.attempt).toBeGreaterThanOrEqual((wishes[i] as Wish).attempt);
      const standing = block.rows.flatMap(([, , , tasks]) => tasks.map(([place]) => place));
      expect(new Set(standing).size).toBe(standing.length);
      for (const [owner] of block.rows)
        expect(block.rows.filter((row) => row[0] === owner).length).toBeLessThanOrEqual(2);
    }),
    { numRuns: 500 },
  );
});
