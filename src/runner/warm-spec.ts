import type { ExecutionSpec } from '../contract/execution.ts';
import { folderOf } from './code-folder.ts';
import { programOf, type WarmRun } from './harness-command.ts';
import { ProgramStamp } from './program-stamp.ts';
import { RunTimes } from './run-times.ts';

/** Work that is to wait in a warm process, so that it does not run dry while results travel. */
const QUEUED_MS = 12;
const QUEUED_MAX = 2000;
/** What is longer than this is not prefetched. */
const SHORT_MS = 4;
/** What is longer than this mostly waits, or is worth another process. */
const LONG_MS = 100;
const COST_MS_MIN = 0.006;

/** What is known of one type of call: what kind of process it needs, and how long it takes. */
export class WarmSpec {
  readonly spec: ExecutionSpec;
  readonly run: WarmRun;
  readonly concurrency: number;
  /** Calls with the same key may share a process. */
  readonly key: string;
  /** Of a program that serves its own functions. */
  readonly stamp: ProgramStamp | undefined;
  #times = new RunTimes(SHORT_MS);
  #sawLong = false;

  constructor(spec: ExecutionSpec, run: WarmRun) {
    this.spec = spec;
    this.run = run;
    this.concurrency = run.concurrency ?? 1;
    const env = Object.entries(spec.env ?? {}).sort();
    const program = programOf(spec, run);
    this.stamp = program === undefined ? undefined : new ProgramStamp(program);
    this.key = JSON.stringify([run.language, this.concurrency, folderOf(spec), env, program]);
  }

  /** Whether its calls take so long that a process for each of them is worth its start. */
  get isLong(): boolean {
    return this.#times.known ? this.#times.highMs > LONG_MS : this.#sawLong;
  }

  /** A call has been running for `ms`. True: that has changed what is known. */
  sees(ms: number): boolean {
    if (ms <= LONG_MS || this.isLong) return false;
    this.#sawLong = true;
    this.#times.sees(ms);
    return true;
  }

  /** What one more call adds to a queue, in ms; infinite for calls that are long, or not yet known. */
  get costMs(): number {
    if (!this.#times.known || this.#times.highMs > SHORT_MS) return Number.POSITIVE_INFINITY;
    return Math.max(COST_MS_MIN, this.#times.highMs);
  }

  /** How many more calls may wait in a process in which `queuedMs` of work is waiting. */
  prefetch(queuedMs: number): number {
    return Math.max(0, Math.min(QUEUED_MAX, Math.floor((QUEUED_MS - queuedMs) / this.costMs)));
  }

  /** A call took `ms`. */
  learn(ms: number): void {
    this.#times.learn(ms);
  }
}

/** The warm spec of a run that is a call; undefined for programs and for sequences and tandems. */
export function warmSpecOf(spec: ExecutionSpec): WarmSpec | undefined {
  const { run } = spec;
  if (run.kind === 'function') return new WarmSpec(spec, run);
  return run.kind === 'snippet' && run.language !== 'shell' ? new WarmSpec(spec, run) : undefined;
}
