import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Happening } from '../../src/contract/happening.ts';
import { newDecision } from '../../src/core/decision.ts';
import { begin, fold } from '../../src/core/fold.ts';
import { codeOf, type Progress } from '../../src/core/progress.ts';
import { consider, isReady, start, survivesCancel } from '../../src/core/settle.ts';
import { codes, hasEnded } from '../../src/core/status.ts';
import { workflows } from '../support/core-arbitraries.ts';
import {
  failed,
  foldSaved,
  mapOf,
  num,
  progressOf,
  reported,
  sentBy,
  spawned,
  statusesOf,
  taskOf,
  tasksOf,
} from '../support/core-progress.ts';

describe('a task that is considered', () => {
  const run = () =>
    progressOf([
      taskOf('a', { retry: { attemptsMax: 2 } }),
      taskOf('b', { needs: ['a'] }),
      taskOf('n', { run: { kind: 'none' } }),
      taskOf('o', { rule: 'any-done' }),
    ]);
  const considered = (progress: Progress, id: string) => {
    const decision = newDecision();
    const was = consider(progress, num(progress, id), decision);
    return [was, sentBy(progress, decision), statusesOf(progress)[id]];
  };

  test('is sent when it is ready, waits, or ends', () => {
    expect(considered(run(), 'a')).toEqual([true, ['a@1'], 'waiting']);
    expect(considered(run(), 'b')).toEqual([true, [], 'waiting']);
    expect(considered(run(), 'n')).toEqual([true, [], 'succeeded']);
    expect(considered(run(), 'o')).toEqual([true, [], 'skipped']);
  });

  test('in back-off is sent for its time; ended it is left', () => {
    const progress = run();
    fold(progress, [failed(progress, 'a')]);
    expect(considered(progress, 'a')).toEqual([true, ['a@2'], 'backoff']);
    fold(progress, [reported(progress, 'a')]);
    expect(considered(progress, 'a')).toEqual([false, [], 'succeeded']);
  });

  test('in a cancelled run ends instead of starting, unless it runs always', () => {
    const progress = progressOf([taskOf('a'), taskOf('b', { rule: 'always' })]);
    progress.head.state = 'cancelling';
    expect(considered(progress, 'a')).toEqual([true, [], 'cancelled']);
    expect(considered(progress, 'b')).toEqual([true, ['b@1'], 'waiting']);
  });

  test('is ready when its rule is met', () => {
    const progress = run();
    const ready = () => ['a', 'b'].map((id) => isReady(progress, num(progress, id), newDecision()));
    expect(ready()).toEqual([true, false]);
    fold(progress, [reported(progress, 'a')]);
    expect(ready()).toEqual([true, true]);
  });

  test('at its start leads on when the decider itself had ended it', () => {
    const progress = run();
    begin(progress);
    const decision = newDecision();
    for (const id of ['a', 'b', 'n', 'o']) start(progress, num(progress, id), decision);
    expect(sentBy(progress, decision)).toEqual(['a@1']);
    expect(decision.replayed).toEqual([num(progress, 'n'), num(progress, 'o')]);
  });
});

test('what runs in a cancelled run is what runs always, with its sub-tasks', () => {
  const run = progressOf([taskOf('a'), taskOf('m', { each: [[]], rule: 'always' })]);
  fold(run, [spawned(run, 'm', mapOf(1)), spawned(run, 'a', tasksOf('x'))]);
  fold(run, [spawned(run, 'm[0]', tasksOf('y'))]);
  const survivors = ['a', 'm', 'm[0]', 'a/x', 'm[0]/y'].map((id) =>
    survivesCancel(run.graph, num(run, id)),
  );
  expect(survivors).toEqual([false, true, true, false, true]);
});

describe('a join', () => {
  const ids = Array.from({ length: 12 }, (_, n) => `t${String(n).padStart(2, '0')}`);
  const joins = (rule: 'all-succeeded' | 'any-succeeded') =>
    progressOf([...ids.map((id) => taskOf(id)), taskOf('z', { needs: ids, rule })], 3);

  test('of all is sent with the last, whatever the batches', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(ids, { minLength: 12 }),
        fc.array(fc.nat(5)),
        (order, cuts) => {
          const run = joins('all-succeeded');
          const sends: string[][] = [];
          for (let at = 0, n = 0; at < order.length; n++) {
            const batch = order.slice(at, at + 1 + (cuts[n] ?? 0));
            at += batch.length;
            sends.push(
              sentBy(
                run,
                foldSaved(
                  run,
                  batch.map((id) => reported(run, id)),
                ),
              ),
            );
          }
          expect(sends.pop()).toEqual(['z@1']);
          expect(sends.flat()).toEqual([]);
        },
      ),
    );
  });

  test('of any is sent once, with the first', () => {
    const run = joins('any-succeeded');
    const sends = ids.map((id) => sentBy(run, fold(run, [reported(run, id)])));
    expect(sends.flat()).toEqual(['z@1']);
    expect(sends[0]).toEqual(['z@1']);
  });
});

describe('a long way down', () => {
  const chainOf = (count: number, chunkSize: number) =>
    progressOf(
      Array.from({ length: count }, (_, n) =>
        taskOf(
          `t${String(n).padStart(6, '0')}`,
          n > 0 ? { needs: [`t${String(n - 1).padStart(6, '0')}`] } : {},
        ),
      ),
      chunkSize,
    );

  test('of skips is gone in one fold, and in two where chunks are saved apart', () => {
    const one = chainOf(20_000, 100_000);
    expect(fold(one, [failed(one, 't000000')]).end?.state).toBe('failed');
    const many = chainOf(20_000, 100);
    const happening = failed(many, 't000000');
    const first = fold(many, [happening]);
    expect([first.unfinished, first.end]).toEqual([true, undefined]);
    for (const chunk of many.chunks) chunk.dirty = false;
    expect(fold(many, [happening]).end?.state).toBe('failed');
  });
});

/** All that happens to a run whose every attempt succeeds or fails by its number, as long as something is sent. */
function playBoth(one: Progress, two: Progress, fails: (task: number) => boolean): void {
  const sent = new Set<string>();
  let happenings: Happening[] = [];
  let decisions = [begin(one), begin(two)] as const;
  for (;;) {
    const [a, b] = decisions;
    expect(sentBy(two, b)).toEqual(sentBy(one, a));
    expect([...b.expands].sort()).toEqual([...a.expands].sort());
    expect(b.end).toEqual(a.end);
    happenings = [];
    for (const { task, attempt } of a.sends.values()) {
      if (sent.has(`${task}@${attempt}`)) continue;
      sent.add(`${task}@${attempt}`);
      const outcome = fails(task) ? 'failed' : 'succeeded';
      const report = { task, attempt, outcome, startedAt: 1, endedAt: 2 } as const;
      happenings.push({ kind: 'report', id: `PACK#${sent.size}`, report });
    }
    for (const [task, attempt] of a.expands) {
      const made = mapOf(...Array.from({ length: task % 3 }, (_, i) => i));
      happenings.push({
        kind: 'spawn',
        id: `SPAWN#${task}`,
        spawn: { parent: task, attempt, at: 0, made },
      });
    }
    if (happenings.length === 0) return;
    decisions = [foldSaved(one, happenings), foldSaved(two, happenings)];
  }
}

test('a run in many chunks goes as it does in one', () => {
  fc.assert(
    fc.property(workflows, fc.integer({ min: 1, max: 5 }), fc.nat(7), (tasks, chunkSize, odd) => {
      const [one, two] = [progressOf(tasks, 1000), progressOf(tasks, chunkSize)];
      for (const run of [one, two]) foldSaved(run, []);
      playBoth(one, two, (task) => task % 8 === odd);
      expect(statusesOf(two)).toEqual(statusesOf(one));
      for (let task = 0; task < one.graph.size; task++)
        expect(hasEnded(codeOf(one, task))).toBe(true);
      expect(codes.succeeded).toBeLessThan(codes.failed);
    }),
  );
});
