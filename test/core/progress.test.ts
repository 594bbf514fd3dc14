import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  attemptOf,
  type Chunk,
  chunkOf,
  clearSource,
  codeOf,
  countRange,
  dropUnused,
  emptyChunk,
  endedBy,
  endedIn,
  firstTry,
  grow,
  isCurrent,
  isKnown,
  isTorn,
  nextTry,
  type Progress,
  refuse,
  refusedListedMax,
  setCode,
  setSource,
  setTries,
  sourceOf,
  triesOf,
} from '../../src/core/progress.ts';
import { codes, codesCount } from '../../src/core/status.ts';
import { progressOf, taskOf } from '../support/core-progress.ts';

const many = (count: number, chunkSize: number) =>
  progressOf(
    Array.from({ length: count }, (_, n) => taskOf(`t${String(n).padStart(4, '0')}`)),
    chunkSize,
  );

const tallyOf = (run: Progress): number[] =>
  Array.from({ length: codesCount }, (_, code) =>
    run.chunks.reduce((sum, { tally }) => sum + (tally[code] as number), 0),
  );

describe('chunks', () => {
  test('hold neighbouring tasks, the last one the rest, all waiting', () => {
    const run = many(10, 4);
    expect(run.chunks.map(({ status }) => status.length)).toEqual([4, 4, 2]);
    expect(tallyOf(run)[codes.waiting]).toBe(10);
    expect(run.chunks.some(({ dirty }) => dirty)).toBe(false);
    expect(() => chunkOf(run, 12)).toThrow('a run has a task number 12');
  });

  test('grow with the graph, the last one first, and are of the run’s generation', () => {
    const run = many(10, 4);
    setCode(run, 9, codes.succeeded);
    run.head.generation = 3;
    run.graph.size = 15;
    grow(run);
    expect(run.chunks.map(({ status }) => status.length)).toEqual([4, 4, 4, 3]);
    expect(run.chunks.map(({ generation }) => generation)).toEqual([1, 1, 1, 3]);
    expect(codeOf(run, 9)).toBe(codes.succeeded);
    expect(tallyOf(run)[codes.waiting]).toBe(14);
    grow(run);
    expect(tallyOf(run)[codes.waiting]).toBe(14);
  });

  test('are torn when one rests on segments or a generation that the head does not have', () => {
    const run = many(4, 2);
    expect(isTorn(run)).toBe(false);
    (run.chunks[1] as Chunk).segments = 1;
    expect(isTorn(run)).toBe(true);
    (run.chunks[1] as Chunk).segments = 0;
    (run.chunks[0] as Chunk).generation = 2;
    expect(isTorn(run)).toBe(true);
  });
});

describe('a task’s code', () => {
  test('follows the table, and makes its chunk dirty', () => {
    const run = many(4, 2);
    setCode(run, 3, codes.awaiting);
    expect(run.chunks.map(({ dirty }) => dirty)).toEqual([false, true]);
    expect(() => setCode(run, 3, codes.skipped)).toThrow('may follow');
  });

  test('that is set again changes nothing', () => {
    const run = many(2, 2);
    setCode(run, 0, codes.waiting);
    expect(run.chunks[0]?.dirty).toBe(false);
  });

  test('is counted in its chunk, as each change goes', () => {
    const steps = fc.array(fc.tuple(fc.nat(9), fc.nat(codesCount - 1)), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 12 }), (changes, size) => {
        const run = many(10, size);
        for (const [task, code] of changes) {
          try {
            setCode(run, task, code as 0);
          } catch {
            // Not in the table.
          }
        }
        const all = Array.from({ length: 10 }, (_, task) => codeOf(run, task));
        const want = Array.from(
          { length: codesCount },
          (_, code) => all.filter((is) => is === code).length,
        );
        expect([...tallyOf(run)]).toEqual(want);
        const ended = run.chunks.reduce((sum, chunk) => sum + endedIn(chunk), 0);
        expect(ended).toBe(all.filter((code) => code >= codes.succeeded).length);
        for (let from = 0; from <= 10; from++)
          for (let to = from; to <= 10; to++) {
            const counted = new Int32Array(codesCount);
            countRange(run, from, to, counted);
            const part = all.slice(from, to);
            expect([...counted]).toEqual(
              want.map((_, code) => part.filter((is) => is === code).length),
            );
          }
      }),
      { numRuns: 30 },
    );
  });
});

describe('the happening that decided a task', () => {
  test('is known once set, shared by tasks of one pack, until it is cleared', () => {
    const run = many(3, 3);
    expect(sourceOf(run, 0)).toBeUndefined();
    setSource(run, 0, 'p1');
    setSource(run, 1, 'p2');
    setSource(run, 2, 'p1');
    expect([0, 1, 2].map((task) => sourceOf(run, task))).toEqual(['p1', 'p2', 'p1']);
    expect(run.chunks[0]?.sources).toEqual(['p1', 'p2']);
    clearSource(run, 2);
    expect(sourceOf(run, 2)).toBeUndefined();
  });

  test('is forgotten when no task names it any more', () => {
    const run = many(2, 2);
    const chunk = run.chunks[0] as Chunk;
    for (const id of ['a', 'b', 'c']) setSource(run, 0, id);
    setSource(run, 1, 'd');
    dropUnused(chunk);
    expect(chunk.sources).toEqual(['c', 'd']);
    expect([sourceOf(run, 0), sourceOf(run, 1)]).toEqual(['c', 'd']);
    setSource(run, 1, 'c');
    expect(chunk.sources).toEqual(['c', 'd']);
  });

  test('is right however often it changed', () => {
    const run = many(2, 2);
    setSource(run, 1, 'kept');
    for (let n = 0; n < 70_000; n++) setSource(run, 0, `p${n}`);
    expect([sourceOf(run, 0), sourceOf(run, 1)]).toEqual(['p69999', 'kept']);
  });
});

describe('attempts', () => {
  test('begin with the first, which costs nothing to keep', () => {
    const run = many(1, 1);
    expect(triesOf(run, 0)).toBe(firstTry);
    expect(attemptOf(run, 0)).toBe(1);
    expect(run.chunks[0]?.tries.size).toBe(0);
  });

  test('are current while their task is open, known once they were begun', () => {
    const run = many(2, 2);
    setTries(run, 0, nextTry(firstTry, 'p1'));
    expect([1, 2, 3].map((attempt) => isCurrent(run, 0, attempt))).toEqual([false, true, false]);
    expect([1, 2, 3].map((attempt) => isKnown(run, 0, attempt))).toEqual([true, true, false]);
    expect([isKnown(run, 1, 1), isKnown(run, 2, 1)]).toEqual([true, false]);
    setCode(run, 0, codes.backoff);
    expect(isCurrent(run, 0, 2)).toBe(true);
    setCode(run, 0, codes.awaiting);
    expect(isCurrent(run, 0, 2)).toBe(false);
  });

  test('remember what ended those before them, the last sixteen', () => {
    let tries = firstTry;
    for (let n = 1; n < 40; n++) tries = nextTry(tries, `p${n}`);
    expect(tries.attempt).toBe(40);
    expect([39, 38, 24].map((attempt) => endedBy(tries, attempt))).toEqual(['p39', 'p38', 'p24']);
    expect([23, 1, 40, 41].map((attempt) => endedBy(tries, attempt))).toEqual(
      new Array(4).fill(undefined),
    );
  });

  test('keep their counts, and whether they ended badly is the next one’s to say', () => {
    const next = nextTry({ ...firstTry, tries: 2, lost: 1, since: 5, bad: true }, 'p1');
    expect(next).toEqual({ ...firstTry, attempt: 2, tries: 2, lost: 1, since: 5, by: 'p1' });
  });
});

describe('what was refused', () => {
  test('is listed once for each happening, task and attempt', () => {
    const run = many(2, 2);
    refuse(run, 0, 1, 'p1');
    (run.chunks[0] as Chunk).dirty = false;
    refuse(run, 0, 1, 'p1');
    expect(run.chunks[0]?.dirty).toBe(false);
    refuse(run, 0, 2, 'p1');
    refuse(run, 1, 1, 'p1');
    refuse(run, 0, 1, 'p2');
    expect(run.chunks[0]?.refused).toEqual([
      ['p1', 0, 1],
      ['p1', 0, 2],
      ['p1', 1, 1],
      ['p2', 0, 1],
    ]);
  });

  test('is listed up to a bound, beyond which it changes nothing', () => {
    const run = many(1, 1);
    for (let n = 0; n < refusedListedMax; n++) refuse(run, 0, 1, `p${n}`);
    (run.chunks[0] as Chunk).dirty = false;
    refuse(run, 0, 1, 'one more');
    expect(run.chunks[0]?.refused).toHaveLength(refusedListedMax);
    expect(run.chunks[0]?.dirty).toBe(false);
  });
});

test('an empty chunk has nothing that ended', () => {
  expect(endedIn(emptyChunk(3, 1))).toBe(0);
});
