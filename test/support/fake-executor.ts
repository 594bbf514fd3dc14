import type {
  AttemptResult,
  Execution,
  Executor,
  ExecutorEvents,
} from '../../src/contract/execution.ts';

export type Behaviour = (
  execution: Execution,
) => Partial<Omit<AttemptResult, 'key'>> | 'never' | Promise<Partial<Omit<AttemptResult, 'key'>>>;

/** Ends attempts as `behaviour` says, at once or when its promise does. */
export function fakeExecutor(
  behaviour: Behaviour,
  slots = 1000,
  now: () => number = Date.now,
): (events: ExecutorEvents) => Executor {
  return (events) => {
    const at = new Map<number, Execution>();
    const end = (key: number, result: Partial<AttemptResult>): void => {
      if (!at.delete(key)) return;
      const ended = {
        key,
        outcome: 'succeeded',
        startedAt: now(),
        endedAt: now(),
        ...result,
      } as const;
      events.ended([ended]);
    };
    return {
      room: (_, promised = 0) => Math.max(0, slots - at.size - promised),
      slots: (_, attempts) => attempts,
      start(executions) {
        for (const execution of executions) at.set(execution.key, execution);
        queueMicrotask(() => {
          events.started(executions.map(({ key }) => ({ key, at: now() })));
          for (const execution of executions) {
            const result = behaviour(execution);
            if (result === 'never') continue;
            if (result instanceof Promise) void result.then((late) => end(execution.key, late));
            else end(execution.key, result);
          }
        });
      },
      cancel(keys) {
        queueMicrotask(() => {
          for (const key of keys) end(key, { outcome: 'cancelled' });
        });
      },
      async drain() {
        for (const key of at.keys()) end(key, { outcome: 'released' });
      },
      async close() {
        at.clear();
      },
    };
  };
}
