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
  readonly output: Json;
}

/** In place of processes: an attempt takes its time, and a slot for so long. */
export function timedExecutor({ slots, seconds, output }: TimedOptions) {
  return (events: ExecutorEvents): Executor => {
    const at = new Map<number, NodeJS.Timeout | undefined>();
    const end = (key: number, startedAt: number, outcome: AttemptResult['outcome']): void => {
      if (!at.has(key)) return;
      clearTimeout(at.get(key));
      at.delete(key);
      events.ended([{ key, outcome, output, startedAt, endedAt: Date.now() }]);
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
        for (const { key } of executions) at.set(key, undefined);
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
