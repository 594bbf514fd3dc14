import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newDecision } from '../../src/core/decision.ts';
import { fold } from '../../src/core/fold.ts';
import { readinessBefore, readinessOf, ruleOf } from '../../src/core/needs.ts';
import { type Progress, setCode } from '../../src/core/progress.ts';
import { decideRule } from '../../src/core/rule.ts';
import { codes } from '../../src/core/status.ts';
import { mapOf, num, progressOf, spawned, taskOf } from '../support/core-progress.ts';

const ends = [
  codes.succeeded,
  codes.failed,
  codes.cancelled,
  codes.skipped,
  codes.skippedByFailure,
];
const open = [codes.waiting, codes.backoff, codes.awaiting];

/** A join of every `step`th of `width` tasks. */
const joinOf = (width: number, step: number, chunkSize: number): Progress => {
  const ids = Array.from({ length: width }, (_, n) => `t${String(n).padStart(3, '0')}`);
  const needs = ids.filter((_, n) => n % step === 0);
  return progressOf(
    [...ids.map((id) => taskOf(id)), taskOf('z', { needs, rule: 'any-failed' })],
    chunkSize,
  );
};

test('a task has its own rule, all-succeeded if it has none, and so has every sub-task', () => {
  const run = progressOf([taskOf('a'), taskOf('m', { each: [[]], rule: 'always' })]);
  fold(run, [spawned(run, 'm', mapOf(1))]);
  expect(['a', 'm', 'm[0]'].map((id) => ruleOf(run, num(run, id)))).toEqual([
    'all-succeeded',
    'always',
    'all-succeeded',
  ]);
});

describe('the readiness of a task', () => {
  const cases = fc.record({
    width: fc.integer({ min: 1, max: 30 }),
    step: fc.integer({ min: 1, max: 3 }),
    chunkSize: fc.integer({ min: 1, max: 40 }),
    changes: fc.array(fc.tuple(fc.nat(29), fc.constantFrom(...ends, ...open))),
  });

  test('is its rule’s word on what became of its needs, wherever they are stored', () => {
    fc.assert(
      fc.property(cases, ({ width, step, chunkSize, changes }) => {
        const run = joinOf(width, step, chunkSize);
        const is = new Array<number>(width).fill(codes.waiting);
        for (const [task, code] of changes)
          if (task < width && is[task] === codes.waiting) {
            is[task] = code;
            setCode(run, task, code);
          }
        const needed = is.filter((_, n) => n % step === 0);
        const count = (...which: number[]) => needed.filter((code) => which.includes(code)).length;
        const tally = (openCodes: readonly number[]) => ({
          open: count(...openCodes),
          succeeded: count(codes.succeeded),
          failed: count(codes.failed),
          cancelled: count(codes.cancelled),
          skipped: count(codes.skipped),
          skippedByFailure: count(codes.skippedByFailure),
        });
        const decision = newDecision();
        expect(readinessOf(run, width, decision)).toBe(decideRule('any-failed', tally(open)));
        const chunks = is.flatMap((_, n) => (n % step === 0 ? [Math.floor(n / chunkSize)] : []));
        expect([...decision.consulted].sort()).toEqual([...new Set(chunks)].sort());
      }),
    );
  });

  test('before some needs ended is as if they were open', () => {
    const run = joinOf(5, 1, 2);
    setCode(run, 1, codes.failed);
    setCode(run, 3, codes.failed);
    const without = (...isNew: number[]) =>
      readinessBefore(run, 5, (need) => isNew.includes(need), newDecision());
    expect([without(), without(1), without(1, 3)]).toEqual(['ready', 'ready', 'wait']);
  });

  test('of a sub-task is always given, and rests on what its parent needed', () => {
    const run = progressOf([taskOf('a'), taskOf('m', { each: [[]], needs: ['a'] })], 1);
    setCode(run, 0, codes.succeeded);
    fold(run, [spawned(run, 'm', mapOf(1))]);
    const decision = newDecision();
    expect(readinessOf(run, 2, decision)).toBe('ready');
    expect([...decision.consulted]).toEqual([0]);
  });
});
