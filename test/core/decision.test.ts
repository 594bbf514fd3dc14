import { describe, expect, test } from '@jest/globals';
import { consult, newDecision, send, takeBack } from '../../src/core/decision.ts';
import { nextTry, setCode, setTries, triesOf } from '../../src/core/progress.ts';
import { codes } from '../../src/core/status.ts';
import { progressOf, taskOf } from '../support/core-progress.ts';

const runOf = () => progressOf([taskOf('a'), taskOf('m', { each: [[]] })], 1);
const [a, m] = [0, 1];

describe('a ready task', () => {
  test('is sent with its attempt and time; a map is expanded', () => {
    const run = runOf();
    const decision = newDecision();
    setTries(run, a, { ...nextTry(triesOf(run, a), 'p'), readyAt: 77 });
    send(run, a, decision);
    send(run, m, decision);
    expect([...decision.sends.values()]).toEqual([{ task: a, attempt: 2, at: 77 }]);
    expect([...decision.expands]).toEqual([[m, 1]]);
  });

  test('is not sent by a paused run', () => {
    const run = runOf();
    run.head.state = 'paused';
    const decision = newDecision();
    send(run, a, decision);
    send(run, m, decision);
    expect([decision.sends.size, decision.expands.size]).toEqual([0, 0]);
  });

  test.each([
    [1, 0],
    [2, 1],
    [undefined, 1],
  ])('whose runner goes on with attempt %s is sent as attempt 1: %i', (attempt, want) => {
    const run = runOf();
    const decision = newDecision();
    decision.continued.set(a, attempt);
    send(run, a, decision);
    expect(decision.sends.size).toBe(want);
  });
});

describe('what a later happening makes void', () => {
  test('is taken back: of tasks that ended or are at another attempt', () => {
    const run = progressOf([taskOf('a'), taskOf('b'), taskOf('c'), taskOf('m', { each: [[]] })]);
    const decision = newDecision();
    for (let task = 0; task < 4; task++) send(run, task, decision);
    setCode(run, 0, codes.succeeded);
    setTries(run, 1, nextTry(triesOf(run, 1), 'p'));
    setCode(run, 3, codes.cancelled);
    takeBack(run, decision);
    expect([...decision.sends.keys()]).toEqual([2]);
    expect(decision.expands.size).toBe(0);
  });

  test('is taken back: all, by a pause', () => {
    const run = runOf();
    const decision = newDecision();
    send(run, a, decision);
    send(run, m, decision);
    run.head.state = 'paused';
    takeBack(run, decision);
    expect([decision.sends.size, decision.expands.size]).toEqual([0, 0]);
  });
});

test('a decision rests on every chunk of the tasks that were looked at', () => {
  const run = progressOf(
    Array.from({ length: 10 }, (_, n) => taskOf(`t${n}`)),
    3,
  );
  const decision = newDecision();
  consult(run, 2, 4, decision);
  consult(run, 5, 5, decision);
  consult(run, 9, 10, decision);
  expect([...decision.consulted]).toEqual([0, 1, 3]);
});
