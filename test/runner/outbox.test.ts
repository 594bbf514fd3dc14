import { expect, test } from '@jest/globals';
import type { AttemptResult, Execution } from '../../src/contract/execution.ts';
import { Attempt } from '../../src/runner/attempt.ts';
import { LogPump } from '../../src/runner/log-pump.ts';
import { Outbox } from '../../src/runner/outbox.ts';

const clock = { now: () => 1 };
const spec = { run: { kind: 'shell', line: 'true' } } as const;

function attemptOf(key: number): Attempt {
  const execution: Execution = {
    key,
    run: 'r',
    workflow: 'w',
    task: 't',
    attempt: 1,
    spec,
    input: {},
  };
  return new Attempt(key, execution, spec, {}, undefined);
}

const resultOf = (key: number): AttemptResult => ({
  key,
  outcome: 'succeeded',
  startedAt: 1,
  endedAt: 1,
});

test('an end is told when what the attempt printed can be read, others at once', async () => {
  const told: string[] = [];
  let written: () => void = () => undefined;
  const sink = {
    append: () =>
      new Promise<void>((resolve) => {
        written = () => {
          told.push('written');
          resolve();
        };
      }),
    read: async () => ({ lines: [], next: '' }),
  };
  const pump = new LogPump(sink, clock, 1000);
  const events = {
    started: () => undefined,
    ended: (results: readonly AttemptResult[]) =>
      void told.push(...results.map(({ key }) => `end ${key}`)),
    beats: () => undefined,
    spawned: () => undefined,
  };
  const outbox = new Outbox(events, pump);
  const loud = attemptOf(1);
  pump.addLimited(loud, 1, 'stdout', 'hello');
  outbox.ended(loud, resultOf(1));
  outbox.ended(attemptOf(2), resultOf(2));
  const all = outbox.told();
  expect(told).toEqual(['end 2']);
  written();
  await all;
  expect(told).toEqual(['end 2', 'written', 'end 1']);
});
