import type {
  AttemptResult,
  Execution,
  Executor,
  ExecutorEvents,
} from '../../src/contract/execution.ts';
import type { Json } from '../../src/contract/json.ts';

export interface TimedOptions {
  readonly slots: number;
  /** Seconds that an attempt lasts; 0: it ends at once. */
  readonly seconds: (execution: Execution) => number;
  /** What a task returns, by its id. */
  readonly output: (task: string) => Json;
}

/** In place of processes: an attempt takes its time, and a slot for so long. */
export function timedExecutor({ slots, seconds, output }: TimedOptions) {
  return (events: ExecutorEvents): Executor => {
    const at = new Map<number, NodeJS.Timeout | undefined>();
    const tasks = new Map<number, string>();
    const end = (key: number, startedAt: number, outcome: AttemptResult['outcome']): void => {
      if (!at.has(key)) return;
      clearTimeout(at.get(key));
      at.delete(key);
      const own = output(tasks.get(key) ?? '');
      tasks.delete(key);
      events.ended([{ key, outcome, output: own, startedAt, endedAt: Date.now() }]);
    };
    const begin = (execution: Execution): void => {
      const { key } = execution;
      const ms = seconds(execution) * 1000;
      const startedAt = Date.now();
      if (ms === 0) end(key, startedAt, 'succeeded');
      else
        at.set(
          key,
          setTimeout(() => end(key, startedAt, 'succeeded'), ms),
        );
    };
    return {
      room: (_, promised = 0) => Math.max(0, slots - at.size - promised),
      slots: (_, attempts) => attempts,
      start(executions) {
        for (const { key, task } of executions) {
          at.set(key, undefined);
          tasks.set(key, task);
        }
        setImmediate(() => {
          events.started(executions.map(({ key }) => ({ key, at: Date.now() })));
          for (const execution of executions) begin(execution);
        });
      },
      cancel(keys) {
        setImmediate(() => {
          for (const key of keys) end(key, Date.now(), 'cancelled');
        });
      },
      async drain() {
        for (const key of [...at.keys()]) end(key, Date.now(), 'released');
      },
      async close() {
        for (const timer of at.values()) clearTimeout(timer);
        at.clear();
      },
    };
  };
}
