import { availableParallelism } from 'node:os';
import type { Execution, ExecutionSpec, Executor } from '../contract/execution.ts';
import { Attempt, type Ending, graceOf, resultOf, type StopReason } from './attempt.ts';
import { removeLaidOut } from './code-folder.ts';
import { Composites } from './composites.ts';
import { Control } from './control.ts';
import { Gauge, oversteppedBy } from './gauge.ts';
import { Guard } from './guard.ts';
import { Launchers } from './launchers.ts';
import { LogPump } from './log-pump.ts';
import { baseEnv, type ExecutorOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { processFiles } from './process-files.ts';
import { interpretersOf } from './program-order.ts';
import type { Shared } from './shared.ts';
import { Sweeper } from './sweeper.ts';
import { WarmPool } from './warm-pool.ts';

const MB = 1 << 20;
const TICK_MS = 20;
/** While nothing runs, only idle processes are to be ended. */
const IDLE_TICK_MS = 500;

/** The executor of what has its folders: it knows neither archives nor artifacts. */
export class LocalExecutor implements Executor {
  #slots: number;
  #idleMs: number;
  #attempts = new Map<number, Attempt>();
  /** Those that run as programs or in steps. */
  #supervised = new Set<Attempt>();
  #shared: Shared;
  readonly #gauge = new Gauge();
  #launchers: Launchers;
  #warm: WarmPool;
  #composites: Composites;
  #lastId = 0;
  #ticking: NodeJS.Timeout | undefined;
  /** After how long the next tick was asked for; 0 when it was not. */
  #paceMs = 0;
  #draining = false;
  #whenEmpty: (() => void)[] = [];

  constructor(options: ExecutorOptions, own: Pick<Shared, 'token' | 'folder'>) {
    const cores = availableParallelism();
    this.#slots = options.slots ?? Math.max(4, 2 * cores);
    this.#idleMs = options.idleMs ?? 30_000;
    this.#shared = this.#share(options, own);
    const files = processFiles(options.harnessFolder);
    const warmMax = options.warmProcesses ?? Math.min(this.#slots, cores);
    const longMax = options.warmProcesses ?? this.#slots;
    this.#launchers = new Launchers(
      this.#shared,
      files.launcher,
      options.launchers ?? Math.min(2, cores),
    );
    this.#warm = new WarmPool(this.#shared, files, { max: warmMax, longMax, slots: this.#slots });
    this.#composites = new Composites(
      this.#shared,
      () => ++this.#lastId,
      (attempt) => this.#startStep(attempt),
    );
  }

  #share(options: ExecutorOptions, own: Pick<Shared, 'token' | 'folder'>): Shared {
    const logBytesMax = options.logBytesMax ?? 16 * MB;
    const logs = new LogPump(options.logs, options.clock, logBytesMax);
    const outbox = new Outbox(options.events, logs);
    return {
      clock: options.clock,
      outbox,
      logs,
      control: new Control(outbox, logs, options.events.asked),
      guard: new Guard(),
      sweeper: new Sweeper(),
      interpreters: interpretersOf(options.hostEnv.PATH, options),
      ...own,
      env: baseEnv(options),
      logBytesMax,
      outputBytesMax: options.outputBytesMax ?? 16 * MB,
      began: (attempt, at) => this.#began(attempt, at),
      finish: (attempt, ending) => this.#finish(attempt, ending),
    };
  }

  room(spec: ExecutionSpec, promised = 0): number {
    if (this.#draining) return 0;
    const free = this.#free(promised);
    const warm = this.#warm.specOf(spec);
    return warm === undefined ? free + this.#launchers.waitable(spec) : this.#warm.room(warm, free);
  }

  slots(spec: ExecutionSpec, attempts: number): number {
    const warm = this.#warm.specOf(spec);
    return warm === undefined
      ? Math.min(attempts, this.#free(0))
      : this.#warm.begins(warm, attempts);
  }

  #free(promised: number): number {
    const running = this.#launchers.running + this.#warm.running;
    return Math.max(0, this.#slots - running - this.#shared.outbox.slots - promised);
  }

  start(executions: readonly Execution[]): void {
    const now = this.#shared.clock.now();
    for (const execution of executions) {
      const id = ++this.#lastId;
      const attempt = new Attempt(id, execution, execution.spec, execution.input, undefined);
      this.#attempts.set(execution.key, attempt);
      this.#launch(attempt, now);
    }
    this.#flush();
  }

  #flush(): void {
    this.#launchers.flush();
    this.#warm.flush();
    if (this.#attempts.size > 0) this.#pace(TICK_MS);
  }

  #launch(attempt: Attempt, now: number): void {
    if (!this.#draining) {
      this.#place(attempt, now);
      return;
    }
    this.#finish(attempt, { startedAt: now, endedAt: now, released: true });
    this.#shared.outbox.later();
  }

  #place(attempt: Attempt, now: number): void {
    this.#gauge.add(attempt);
    const warm = this.#warm.specOf(attempt.spec);
    if (warm !== undefined) this.#warm.start(attempt, warm, now);
    else this.#launchCold(attempt, now);
  }

  #launchCold(attempt: Attempt, now: number): void {
    const { run } = attempt.spec;
    if (attempt.root === attempt) this.#supervised.add(attempt);
    if (run.kind === 'none') {
      this.#finish(attempt, { startedAt: now, endedAt: now, output: attempt.input });
      this.#shared.outbox.later();
    } else if (run.kind === 'sequence' || run.kind === 'tandem') {
      this.#composites.start(attempt, run);
    } else this.#launchers.start(attempt, attempt.root !== attempt || this.#free(0) > 0);
  }

  #startStep(attempt: Attempt): void {
    this.#place(attempt, this.#shared.clock.now());
    this.#flush();
  }

  #began(attempt: Attempt, at: number): void {
    attempt.startedAt = at;
    this.#shared.outbox.started(attempt.root);
  }

  #finish(attempt: Attempt, ending: Ending): void {
    this.#gauge.delete(attempt);
    if (attempt.root !== attempt || attempt.onEnd !== undefined) {
      attempt.onEnd?.(attempt, ending);
      return;
    }
    this.#attempts.delete(attempt.execution.key);
    const slots = this.#supervised.delete(attempt) ? 1 : 0;
    this.#shared.outbox.ended(attempt, resultOf(attempt, ending), slots);
    if (this.#attempts.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  cancel(keys: readonly number[]): void {
    for (const key of keys) {
      const attempt = this.#attempts.get(key);
      if (attempt !== undefined) this.#stop(attempt, 'cancelled', graceOf(attempt.spec));
    }
  }

  #stop(attempt: Attempt, reason: StopReason, graceMs: number): void {
    if (attempt.stopping !== undefined) return;
    attempt.stopping = reason;
    attempt.host?.stop(attempt, graceMs);
  }

  #tick(): void {
    const now = this.#shared.clock.now();
    const check = (attempt: Attempt) => this.#check(attempt, now);
    this.#gauge.tick(now);
    for (const attempt of this.#supervised) check(attempt);
    this.#warm.tick(now, this.#idleMs, check);
    this.#launchers.tick(now, this.#idleMs);
    this.#shared.outbox.flushSlow(now);
    this.#shared.outbox.flush();
    this.#paceMs = 0;
    if (this.#attempts.size > 0) this.#pace(TICK_MS);
    else if (this.#warm.size > 0 || this.#launchers.size > 0) this.#pace(IDLE_TICK_MS);
  }

  /** The next tick comes in `ms`, at the latest. */
  #pace(ms: number): void {
    if (this.#paceMs > 0 && this.#paceMs <= ms) return;
    clearTimeout(this.#ticking);
    this.#paceMs = ms;
    this.#ticking = setTimeout(() => this.#tick(), ms);
  }

  /** Looks at an attempt, or a step, that runs. */
  #check(attempt: Attempt, now: number): void {
    if (attempt.root !== attempt || attempt.startedAt === 0) return;
    this.#shared.outbox.started(attempt);
    const { limits, resources } = attempt.spec;
    if ((limits === undefined && resources === undefined) || attempt.stopping !== undefined) return;
    const reason = oversteppedBy(attempt, now);
    if (reason === undefined) return;
    const takesTooMuch = reason === 'memory' || reason === 'disk';
    this.#stop(attempt, reason, takesTooMuch ? 0 : graceOf(attempt.spec));
  }

  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    this.#launchers.recall();
    this.#warm.recall();
    if (this.#attempts.size === 0) return this.#shared.outbox.told();
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty.push(resolve);
    });
    const timer = setTimeout(() => this.#stopAll(), graceMs);
    await empty;
    clearTimeout(timer);
    await this.#shared.outbox.told();
  }

  #stopAll(): void {
    for (const attempt of [...this.#attempts.values()]) this.#stop(attempt, 'released', 0);
  }

  async close(): Promise<void> {
    this.#draining = true;
    this.#stopAll();
    await Promise.all([this.#launchers.close(), this.#warm.close()]);
    this.#shared.guard.close();
    this.#shared.sweeper.sweep();
    clearTimeout(this.#ticking);
    await this.#shared.outbox.told();
    await this.#shared.logs.sink();
    await removeLaidOut(this.#shared.folder);
  }
}
