import { type Signal, signal } from '@preact/signals';
import type { LogLine } from '../../src/client/fanfold.ts';
import { followLogs } from '../../src/client/follow.ts';
import { messageOf, server } from './server.ts';

export interface LiveLogs {
  readonly lines: Signal<readonly LogLine[]>;
  /** Lines that came before those that are kept. */
  readonly dropped: Signal<number>;
  readonly isOver: Signal<boolean>;
  readonly problem: Signal<string | undefined>;
  stop(): void;
}

export const LINES_KEPT = 50_000;
const POLL_MS = 700;

export interface LogFilter {
  readonly task?: string;
  readonly attempt?: number;
}

/** What is printed, as it comes; only the last lines are kept here. */
export function tailLogs(run: string, filter: LogFilter): LiveLogs {
  const abort = new AbortController();
  const logs = {
    lines: signal<readonly LogLine[]>([]),
    dropped: signal(0),
    isOver: signal(false),
    problem: signal<string | undefined>(undefined),
    stop: () => abort.abort(),
  };
  const sleep = () => new Promise<void>((resolve) => setTimeout(resolve, POLL_MS));
  const options = { ...filter, follow: true, signal: abort.signal, sleep };
  const tail = async () => {
    for await (const lines of followLogs(server, run, options)) {
      const all = [...logs.lines.value, ...lines];
      const over = Math.max(0, all.length - LINES_KEPT);
      logs.dropped.value += over;
      logs.lines.value = over > 0 ? all.slice(over) : all;
    }
  };
  tail()
    .catch((error: unknown) => {
      logs.problem.value = messageOf(error);
    })
    .finally(() => {
      logs.isOver.value = true;
    });
  return logs;
}
