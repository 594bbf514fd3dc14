import { TimeHeap } from '../../../src/adapters/memory/time-heap.ts';
import { Counters } from './counters.ts';
import { Luck, type LuckOptions } from './luck.ts';
import { inMacrotask } from './microtasks.ts';
import { Trace } from './trace.ts';
import { trapped } from './trap.ts';

/** A promise that was broken: its short name, and how. */
export interface Violation {
  readonly promise: string;
  readonly message: string;
}

export interface KernelOptions extends LuckOptions {
  /** Virtual ms after which a run that has not stopped is a violation of `liveness`. */
  readonly timeMax: number;
  /** More events than this are a violation of `livelock`. */
  readonly eventsMax?: number;
  readonly traceLines?: boolean;
  /** Whether processes die most at some places in the code, and each place of a call is noted: a stack trace for each. */
  readonly crashSites?: boolean;
}

/** The virtual time 0, as epoch ms. */
export const epoch = Date.UTC(2026, 0, 1);

const EVENTS_MAX = 3_000_000;

/**
 * One thread, one heap of events in virtual time. Between two events, all microtasks run: whatever simulated code does
 * between two calls of ports takes no time and cannot be interrupted.
 */
export class Kernel {
  readonly options: KernelOptions;
  readonly luck: Luck;
  readonly counters = new Counters();
  readonly trace: Trace;
  /** Virtual ms since the start. */
  time = 0;
  events = 0;
  /** As in the options, unless somebody knows better. */
  timeMax: number;
  violation: Violation | undefined;
  readonly #heap = new TimeHeap<() => void>();
  readonly #eventsMax: number;
  #stopped = false;

  constructor(options: KernelOptions) {
    this.options = options;
    this.timeMax = options.timeMax;
    this.luck = new Luck(options, this.counters);
    this.trace = new Trace(options.traceLines === true);
    this.#eventsMax = options.eventsMax ?? EVENTS_MAX;
  }

  /** Calls back after `ms` of virtual time. Of equal times, in the order of these calls. */
  readonly after = (ms: number, call: () => void): void => {
    this.at(this.time + Math.max(ms, 0), call);
  };

  /** Calls back at that virtual time, which has not passed. Of equal times, in the order of these calls. */
  readonly at = (time: number, call: () => void): void => {
    this.#heap.push(time, call);
  };

  /** Epoch ms of the servers' clock, which is right. */
  readonly now = (): number => epoch + Math.floor(this.time);

  /** Ends the run. */
  stop(): void {
    this.#stopped = true;
  }

  /** Ends the run: a promise is broken. Only the first one counts. */
  violate(promise: string, message: string): void {
    this.violation ??= { promise, message };
    this.#stopped = true;
  }

  /** Plays events until the run is stopped, ends by a violation, or nothing is left to happen. */
  async run(): Promise<void> {
    const strays: unknown[] = [];
    // Errors are many here, and nobody looks at where they came from but who asks for a trace.
    const limit = Error.stackTraceLimit;
    if (this.trace.lines === undefined) Error.stackTraceLimit = 0;
    const onStray = (reason: unknown) => strays.push(reason);
    process.on('unhandledRejection', onStray);
    try {
      const finished = await inMacrotask((drain) => drain !== undefined && this.#play(drain));
      if (!finished) await this.#playSlowly();
      await inMacrotask(() => undefined); // by now, rejections that nobody handles are known
    } finally {
      Error.stackTraceLimit = limit;
      process.off('unhandledRejection', onStray);
    }
    if (strays.length > 0) this.violate('rejection', `nobody handles: ${String(strays[0])}`);
    if (this.violation && this.trace.lines)
      this.trace.line(this.time, '!', `${this.violation.promise}: ${this.violation.message}`);
  }

  #play(drain: () => void): boolean {
    return trapped(this.#onHiddenInput, () => {
      drain();
      while (this.#step()) drain();
      return true;
    });
  }

  /** Where microtasks cannot be drained at will: one macrotask for each event. */
  async #playSlowly(): Promise<void> {
    while (await inMacrotask(() => trapped(this.#onHiddenInput, () => this.#step())));
  }

  readonly #onHiddenInput = (name: string): void => {
    this.violate('hidden-input', `simulated code called ${name}`);
  };

  #step(): boolean {
    if (this.#stopped) return false;
    const at = this.#heap.nextAt;
    const call = this.#heap.pop();
    if (call === undefined) return false;
    this.time = at;
    if (++this.events > this.#eventsMax) this.violate('livelock', `${this.events} events`);
    else if (at > this.timeMax)
      this.violate('liveness', `not done after ${Math.round(this.timeMax / 1000)} s`);
    else this.#fire(call);
    return true;
  }

  #fire(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.violate(
        'exception',
        error instanceof Error ? (error.stack ?? error.message) : `${error}`,
      );
    }
  }
}
