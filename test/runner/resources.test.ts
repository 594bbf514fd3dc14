import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Execution, ExecutorEvents } from '../../src/contract/execution.ts';
import type { Resources } from '../../src/contract/resources.ts';
import { withResources } from '../../src/runner/with-resources.ts';
import { openRig, type Rig, shell } from './rig.ts';

const capacity = { cpu: 2, memoryMb: 1000, diskMb: 1000, gpu: 2 };

/** A counting executor over one that only notes what it is given. */
function counting(waitersMax = 0) {
  const told: string[] = [];
  const started: Execution[] = [];
  let inside: ExecutorEvents | undefined;
  const executor = withResources({
    capacity,
    waitersMax,
    clock: { now: () => 1 },
    events: {
      started: () => undefined,
      ended: (results) => {
        for (const { key, outcome, error } of results)
          told.push([key, outcome, error?.message].filter(Boolean).join(' '));
      },
      beats: () => undefined,
      spawned: () => undefined,
    },
    inner: (events) => {
      inside = events;
      return {
        room: () => 8,
        slots: (_spec, attempts) => attempts,
        start: (executions) => void started.push(...executions),
        cancel: () => undefined,
        drain: async () => undefined,
        close: async () => undefined,
      };
    },
  });
  return {
    executor,
    told,
    started,
    keys: () => started.map(({ key }) => key),
    start: (key: number, resources?: Resources) =>
      executor.start([
        {
          ...{ key, run: 'r', workflow: 'w', task: 't', attempt: 1, input: {} },
          spec: { run: shell('true'), resources },
        },
      ]),
    end: (key: number) => inside?.ended([{ key, outcome: 'succeeded', startedAt: 1, endedAt: 1 }]),
  };
}
const specOf = (resources: Resources) => ({ run: shell('true'), resources });

describe('a runner counts what attempts ask for', () => {
  test('and has room for as many as fit', () => {
    const { executor, start } = counting();
    expect(executor.room({ run: shell('true') })).toBe(8);
    expect(executor.room(specOf({ cpu: 0.5 }))).toBe(4);
    start(1, { cpu: 1.5 });
    expect(executor.room(specOf({ cpu: 0.5 }))).toBe(1);
    expect(executor.room(specOf({ memoryMb: 400 }))).toBe(2);
  });

  test('one that does not fit waits, in turn, until others have ended; what asks for nothing does not', () => {
    const { start, keys, end } = counting();
    start(1, { cpu: 2 });
    start(2, { cpu: 2 });
    start(3, { cpu: 0.5 });
    start(4);
    expect(keys()).toEqual([1, 4]);
    end(1);
    expect(keys()).toEqual([1, 4, 2]);
    end(2);
    expect(keys()).toEqual([1, 4, 2, 3]);
  });

  test('some may wait, so that others are taken meanwhile', () => {
    const { executor, start } = counting(3);
    start(1, { cpu: 2 });
    expect(executor.room(specOf({ cpu: 2 }))).toBe(3);
    start(2, { cpu: 2 });
    expect(executor.room(specOf({ cpu: 2 }))).toBe(2);
  });

  test('what asks for more than there is fails, and is not waited for', async () => {
    const { executor, start, told, keys } = counting();
    expect(executor.room(specOf({ cpu: 3 }))).toBe(8);
    start(1, { cpu: 3, gpu: 4 });
    await Promise.resolve();
    expect(told).toEqual([
      '1 failed it asks for 3 cpu, and this runner has 2 cpu; it asks for 4 gpu, and this runner has 2 gpu',
    ]);
    expect(keys()).toEqual([]);
  });

  test('a cancel or a drain reaches what waits, and its turn goes to the next', async () => {
    const { executor, start, told, keys, end } = counting();
    for (const key of [1, 2, 3, 4]) start(key, { cpu: 2 });
    executor.cancel([2]);
    await Promise.resolve();
    end(1);
    expect(keys()).toEqual([1, 3]);
    await executor.drain(0);
    expect(told).toEqual(['2 cancelled', '1 succeeded', '4 released']);
    start(5, { cpu: 1 });
    await Promise.resolve();
    expect(told.at(-1)).toBe('5 released');
  });

  test('and each has graphics processors of its own, and is told what it has', () => {
    const { start, started, end } = counting();
    start(1, { gpu: 1, cpu: 0.5, memoryMb: 100 });
    start(2, { gpu: 1 });
    start(3, { gpu: 2 });
    end(1);
    end(2);
    expect(started.map(({ spec }) => spec.env)).toEqual([
      { CUDA_VISIBLE_DEVICES: '0', TASK_CPU: '0.5', TASK_MEMORY_MB: '100' },
      { CUDA_VISIBLE_DEVICES: '1' },
      { CUDA_VISIBLE_DEVICES: '0,1' },
    ]);
  });
});

describe('an attempt that takes more than it asked for is killed', () => {
  let rig: Rig;
  beforeAll(() => {
    rig = openRig({ slots: 4 });
  });
  afterAll(() => rig.close());
  const hog = 'python3 -c "b = bytearray(150_000_000); import time; time.sleep(600)"';

  test.each([
    ['a program', shell(hog)],
    ['a child of a program', shell(`true; ${hog} & wait`)],
    [
      'a call',
      {
        kind: 'snippet' as const,
        language: 'node' as const,
        code: 'globalThis.kept = Buffer.alloc(250e6, 1); await new Promise(() => setTimeout(() => {}, 1e8));',
      },
    ],
    [
      'the steps of a tandem together',
      {
        kind: 'tandem' as const,
        steps: [1, 2].map(() => ({ run: shell(hog.replace('150_', '70_')) })),
      },
    ],
  ])('of memory: %s', async (_what, run) => {
    const result = await rig.run(run, { resources: { memoryMb: 120 } });
    expect(result).toMatchObject({
      outcome: 'failed',
      error: {
        reason: 'memory',
        message: expect.stringMatching(/^took \d+ MB of memory, and asked for 120 MB$/),
      },
    });
  });

  test('of the disk', async () => {
    const line = 'head -c 30000000 /dev/zero > "$TASK_DIR/big"; sleep 600';
    const result = await rig.run(shell(line), { resources: { diskMb: 20 } });
    expect(result).toMatchObject({ outcome: 'failed', error: { reason: 'disk' } });
  });

  test('and one that does not is not', async () => {
    const line =
      'head -c 3000000 /dev/zero > "$TASK_DIR/small"; sleep 1.5; echo "{\\"ok\\": $TASK_MEMORY_MB}"';
    const result = await rig.run(shell(line), { resources: { diskMb: 20, memoryMb: 90 } });
    expect(result).toMatchObject({ outcome: 'succeeded', output: { ok: 90 } });
  });
});
