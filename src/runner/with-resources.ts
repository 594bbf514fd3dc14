import type {
  AttemptResult,
  Execution,
  ExecutionSpec,
  Executor,
  ExecutorEvents,
} from '../contract/execution.ts';
import type { Capacity, Resources } from '../contract/resources.ts';
import { amountText, beyond, fitting, without } from '../core/resources.ts';
import type { Clock } from '../ports/clock.ts';
import { passOn } from './pass-on.ts';

export interface WithResourcesOptions {
  /** What there is for all attempts together. */
  readonly capacity: Capacity;
  /** How many may wait here for those before them, so that others are still taken meanwhile. */
  readonly waitersMax: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly events: ExecutorEvents;
  /** The executor that counts slots only. */
  readonly inner: (events: ExecutorEvents) => Executor;
}

/**
 * An executor that counts what attempts ask for, and starts none that does not fit beside those that run: it waits, in
 * turn, until it does. One that asks for more than there is at all fails at once, with that reason. Attempts that ask
 * for nothing are not counted. Each sees in its environment what it has.
 */
export function withResources(options: WithResourcesOptions): Executor {
  return new CountingExecutor(options);
}

/** What an attempt has been given. */
interface Share {
  readonly resources: Resources;
  readonly gpus: readonly number[];
}

class CountingExecutor implements Executor {
  readonly #options: WithResourcesOptions;
  readonly #inner: Executor;
  #free: Capacity;
  readonly #freeGpus: number[];
  readonly #shares = new Map<number, Share>();
  readonly #waiting = new Map<number, Execution>();
  #draining = false;
  /** One spec for all attempts of a kind that are given the same. */
  readonly #specs = new WeakMap<ExecutionSpec, Map<string, ExecutionSpec>>();

  constructor(options: WithResourcesOptions) {
    this.#options = options;
    this.#free = options.capacity;
    this.#freeGpus = Array.from({ length: options.capacity.gpu }, (_, n) => n);
    const { events } = options;
    this.#inner = options.inner(passOn(events, (results) => this.#onEnded(results)));
  }

  room(spec: ExecutionSpec, promised = 0): number {
    const { resources } = spec;
    if (resources === undefined) return this.#inner.room(spec, promised);
    const { capacity, waitersMax } = this.#options;
    const slots = this.#inner.room(this.#given(spec, []), promised);
    // So that it is not waited for for ever.
    if (beyond(resources, capacity).length > 0) return slots;
    const fits = this.#waiting.size > 0 ? 0 : fitting(resources, this.#free);
    return Math.min(slots, fits + Math.max(0, waitersMax - this.#waiting.size));
  }

  slots(spec: ExecutionSpec, attempts: number): number {
    return this.#inner.slots(spec.resources ? this.#given(spec, []) : spec, attempts);
  }

  start(executions: readonly Execution[]): void {
    if (executions.every(({ spec }) => spec.resources === undefined)) {
      this.#inner.start(executions);
      return;
    }
    const ready: Execution[] = [];
    for (const execution of executions) {
      const { resources } = execution.spec;
      if (resources === undefined) ready.push(execution);
      else if (this.#draining) this.#end([execution.key], 'released');
      else if (beyond(resources, this.#options.capacity).length > 0)
        this.#refuse(execution, resources);
      else this.#waiting.set(execution.key, execution);
    }
    ready.push(...this.#next());
    if (ready.length > 0) this.#inner.start(ready);
  }

  /** Of those that wait the first ones, as far as they fit: the one that does not is not overtaken. */
  #next(): Execution[] {
    const next: Execution[] = [];
    for (const [key, execution] of this.#waiting) {
      const resources = execution.spec.resources as Resources;
      if (fitting(resources, this.#free) < 1) break;
      this.#waiting.delete(key);
      this.#free = without(this.#free, resources);
      const gpus = this.#freeGpus.splice(0, resources.gpu ?? 0);
      this.#shares.set(key, { resources, gpus });
      next.push({ ...execution, spec: this.#given(execution.spec, gpus) });
    }
    return next;
  }

  #onEnded(results: readonly AttemptResult[]): void {
    for (const { key } of this.#shares.size > 0 ? results : []) {
      const share = this.#shares.get(key);
      if (share === undefined) continue;
      this.#shares.delete(key);
      this.#free = without(this.#free, share.resources, -1);
      this.#freeGpus.push(...share.gpus);
    }
    this.#options.events.ended(results);
    const next = this.#next();
    if (next.length > 0) this.#inner.start(next);
  }

  cancel(keys: readonly number[]): void {
    this.#end(
      keys.filter((key) => this.#waiting.has(key)),
      'cancelled',
    );
    this.#inner.cancel(keys);
  }

  async drain(graceMs: number): Promise<void> {
    this.#letGo();
    await this.#inner.drain(graceMs);
  }

  async close(): Promise<void> {
    this.#letGo();
    await this.#inner.close();
  }

  #letGo(): void {
    this.#draining = true;
    this.#end([...this.#waiting.keys()], 'released');
  }

  #refuse({ key }: Execution, resources: Resources): void {
    const { capacity } = this.#options;
    const message = beyond(resources, capacity)
      .map((kind) => {
        const has = amountText(kind, capacity[kind]);
        return `it asks for ${amountText(kind, resources[kind] ?? 0)}, and this runner has ${has}`;
      })
      .join('; ');
    this.#tell([{ ...this.#result(key, 'failed'), error: { reason: 'start', message } }]);
  }

  /** Of those that have not begun. */
  #end(keys: readonly number[], outcome: 'cancelled' | 'released'): void {
    for (const key of keys) this.#waiting.delete(key);
    if (keys.length > 0) this.#tell(keys.map((key) => this.#result(key, outcome)));
  }

  /** When no call is on the stack. */
  #tell(results: readonly AttemptResult[]): void {
    queueMicrotask(() => this.#onEnded(results));
  }

  #result(key: number, outcome: AttemptResult['outcome']): AttemptResult {
    const now = this.#options.clock.now();
    return { key, outcome, startedAt: now, endedAt: now };
  }

  /** The spec with what its attempts have in their environment. */
  #given(spec: ExecutionSpec, gpus: readonly number[]): ExecutionSpec {
    const known = this.#specs.get(spec) ?? new Map<string, ExecutionSpec>();
    this.#specs.set(spec, known);
    const key = gpus.join(',');
    const made = known.get(key) ?? { ...spec, env: { ...envOf(spec, gpus), ...spec.env } };
    known.set(key, made);
    return made;
  }
}

function envOf({ resources = {} }: ExecutionSpec, gpus: readonly number[]): Record<string, string> {
  const { cpu, memoryMb, diskMb, gpu } = resources;
  return {
    ...(cpu !== undefined && { TASK_CPU: String(cpu) }),
    ...(memoryMb !== undefined && { TASK_MEMORY_MB: String(memoryMb) }),
    ...(diskMb !== undefined && { TASK_DISK_MB: String(diskMb) }),
    ...(gpu !== undefined && { CUDA_VISIBLE_DEVICES: gpus.join(',') }),
  };
}
