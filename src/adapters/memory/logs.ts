import type { LogLine, LogPage, LogQuery, LogSink } from '../../ports/log-sink.ts';
import { logPlace } from '../log-place.ts';
import { type Gate, openGate } from './gate.ts';

const PAGE_MAX = 1000;

/** Log lines by run, in the order in which they came. */
export class LogStore {
  readonly #runs = new Map<string, LogLine[]>();

  append(lines: readonly LogLine[]): void {
    for (const line of lines) {
      const known = this.#runs.get(line.run);
      if (known) known.push(line);
      else this.#runs.set(line.run, [line]);
    }
  }

  read({ run, task, attempt, after, limit = PAGE_MAX }: LogQuery): LogPage {
    const all = this.#runs.get(run) ?? [];
    const found: LogLine[] = [];
    let at = logPlace(after);
    for (; at < all.length && found.length < limit; at++) {
      const line = all[at] as LogLine;
      const fits = task === undefined || line.task === task;
      if (fits && (attempt === undefined || line.attempt === attempt)) found.push(line);
    }
    return { lines: found, next: String(at) };
  }
}

/** One caller's way to the logs. */
export function memoryLogs(store: LogStore, gate: Gate = openGate): LogSink {
  return {
    append: (lines) => {
      const copies = lines.map((line) => Object.freeze({ ...line }));
      return gate.pass('logs.append', () => store.append(copies), `${copies.length} lines`);
    },
    read: (query) => gate.pass('logs.read', () => store.read(query), query),
  };
}
