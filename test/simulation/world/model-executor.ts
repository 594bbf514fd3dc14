import type {
  AttemptResult,
  Execution,
  ExecutionSpec,
  Executor,
  ExecutorEvents,
  Start,
} from '../../../src/contract/execution.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Life } from '../kernel/life.ts';
import type { Book } from './book.ts';
import type { Fate } from './fates.ts';

interface Running {
  readonly execution: Execution;
  fate: Fate | undefined;
  startedAt: number;
  stopping: 'cancelled' | 'released' | undefined;
}

const START_MS = 3;
const GRACE_MS = 5_000;
const BEAT_MS = 5_000;

/**
 * Runs attempts as their fates say, on virtual time: they succeed, fail, hang, ask for sub-tasks, take their runner with
 * them, or leave it standing still for some leases.
 */
export class ModelExecutor implements Executor {
  readonly #life: Life;
  readonly #kernel: Kernel;
  readonly #book: Book;
  readonly #events: ExecutorEvents;
  readonly #slots: number;
  readonly #running = new Map<number, Running>();
  #onEmpty: (() => void) | undefined;

  constructor(life: Life, book: Book, slots: number, events: ExecutorEvents) {
    this.#life = life;
    this.#kernel = life.kernel;
    this.#book = book;
    this.#slots = slots;
    this.#events = events;
  }

  room(_spec: ExecutionSpec, promised = 0): number {
    return Math.max(0, this.#slots - this.#running.size - promised);
  }

  slots(_spec: ExecutionSpec, attempts: number): number {
    return attempts;
  }

  start(executions: readonly Execution[]): void {
    for (const execution of executions)
      this.#running.set(execution.key, {
        execution,
        fate: undefined,
        startedAt: 0,
        stopping: undefined,
      });
    const startMs = this.#life.random.next() * START_MS;
    this.#life.settle(startMs, () => this.#begin(executions.map(({ key }) => key)));
  }

  cancel(keys: readonly number[]): void {
    for (const key of keys) this.#stop(key, 'cancelled');
  }

  drain(graceMs: number): Promise<void> {
    for (const [key, { fate }] of this.#running)
      if (fate === undefined) this.#stop(key, 'released');
      else this.#life.settle(graceMs, () => this.#stop(key, 'released'));
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  async close(): Promise<void> {
    this.#running.clear();
  }

  #begin(keys: readonly number[]): void {
    const begun: Start[] = [];
    for (const key of keys) {
      const running = this.#running.get(key);
      if (running === undefined || running.stopping) continue;
      running.fate = this.#book.begin(running.execution, this.#life.name);
      running.startedAt = this.#life.clock.now();
      begun.push({ key, at: running.startedAt });
      this.#play(key, running.execution, running.fate);
    }
    if (begun.length > 0) this.#events.started(begun);
  }

  #play(key: number, execution: Execution, fate: Fate): void {
    const life = this.#life;
    const { task, attempt, spec } = execution;
    const runMs = spec.limits?.runMs ?? Number.POSITIVE_INFINITY;
    const halfMs = Math.min(fate.durationMs, runMs) / 2;
    const say = (what: string) => {
      life.say(`${task} #${attempt} ${what}`);
      this.#kernel.counters.add(`an attempt ${what}`);
    };
    say('begins');
    if (fate.spawnsEarly.length > 0)
      life.settle(halfMs, () => {
        if (this.#running.has(key)) this.#events.spawned(key, fate.spawnsEarly);
      });
    if (fate.end === 'kills') {
      life.settle(halfMs * 2, () => {
        if (!this.#running.has(key)) return;
        say('kills its runner');
        life.die(`of ${task}`);
      });
      return;
    }
    if (fate.zombieMs > 0)
      life.settle(halfMs, () => {
        if (!this.#running.has(key)) return;
        say('makes its runner stand still');
        life.freeze(fate.zombieMs);
      });
    if (fate.durationMs > BEAT_MS) life.settle(BEAT_MS, () => this.#beat(key));
    if (fate.end !== 'hangs' && fate.durationMs <= runMs)
      life.settle(fate.durationMs, () => this.#end(key, 'own'));
    else if (Number.isFinite(runMs))
      life.settle(runMs, () => {
        if (this.#running.has(key)) say('is over its time limit');
        this.#end(key, 'time-limit');
      });
  }

  #beat(key: number): void {
    if (!this.#running.has(key)) return;
    const at = this.#life.clock.now();
    this.#events.beats([{ key, at, step: 'at work', stepAt: at }]);
    this.#life.settle(BEAT_MS, () => this.#beat(key));
  }

  #stop(key: number, how: 'cancelled' | 'released'): void {
    const running = this.#running.get(key);
    if (running === undefined || running.stopping) return;
    running.stopping = how;
    const graceMs = running.execution.spec.limits?.graceMs ?? GRACE_MS;
    const needsMs = running.fate === undefined ? 0 : this.#life.random.next() * graceMs;
    this.#life.settle(needsMs, () => this.#end(key, how));
  }

  #end(key: number, how: 'own' | 'time-limit' | 'cancelled' | 'released'): void {
    const running = this.#running.get(key);
    if (running === undefined || (running.stopping && running.stopping !== how)) return;
    this.#running.delete(key);
    if (how === 'released' && running.fate !== undefined)
      this.#kernel.counters.add('an attempt was handed back at work');
    const endedAt = this.#life.clock.now();
    const startedAt = running.startedAt || endedAt;
    this.#events.ended([{ key, startedAt, endedAt, ...endingOf(how, running.fate) }]);
    if (this.#running.size === 0) this.#onEmpty?.();
  }
}

type Ending = Pick<AttemptResult, 'outcome' | 'output' | 'error' | 'spawns' | 'cpuSeconds'>;

function endingOf(how: 'own' | 'time-limit' | 'cancelled' | 'released', fate?: Fate): Ending {
  if (how === 'released' && fate)
    return { outcome: how, error: { reason: 'lost', message: 'its runner was stopped' } };
  if (how === 'cancelled' || how === 'released') return { outcome: how };
  if (how === 'time-limit' || fate === undefined)
    return { outcome: 'failed', error: { reason: 'time-limit', message: 'took too long' } };
  if (fate.end === 'fails') return { outcome: 'failed', error: fate.error };
  const spawns = fate.spawnsLate.length > 0 ? { spawns: fate.spawnsLate } : {};
  return { outcome: 'succeeded', output: fate.output, cpuSeconds: 0.001, ...spawns };
}
