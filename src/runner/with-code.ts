import type {
  AttemptResult,
  Execution,
  ExecutionSpec,
  Executor,
  ExecutorEvents,
} from '../contract/execution.ts';
import type { CodeArchive } from '../contract/workflow.ts';
import { mayPass } from '../engine/passing.ts';
import type { Clock } from '../ports/clock.ts';
import type { CodeCache } from './code-cache.ts';

export interface WithCodeOptions {
  readonly cache: CodeCache;
  readonly clock: Pick<Clock, 'now'>;
  readonly events: ExecutorEvents;
  /** The executor that knows folders only. */
  readonly inner: (events: ExecutorEvents) => Executor;
}

/** An executor that also runs what has its code in an archive: it is fetched before the attempt starts. */
export function withCode(options: WithCodeOptions): Executor {
  return new FetchingExecutor(options);
}

interface Waiting {
  readonly execution: Execution;
  readonly archive: CodeArchive;
}

class FetchingExecutor implements Executor {
  readonly #cache: CodeCache;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #events: ExecutorEvents;
  readonly #inner: Executor;
  /** Those whose code is on its way. */
  readonly #waiting = new Map<number, Waiting>();
  #draining = false;
  /** The code of what runs. */
  readonly #used = new Map<number, CodeArchive>();
  /** One spec for all attempts of a kind, in the folder where its code lies now. */
  readonly #specs = new WeakMap<
    ExecutionSpec,
    ExecutionSpec & { readonly code: { folder: string } }
  >();

  constructor({ cache, clock, events, inner }: WithCodeOptions) {
    this.#cache = cache;
    this.#clock = clock;
    this.#events = events;
    this.#inner = inner({
      started: (starts) => events.started(starts),
      ended: (results) => this.#onEnded(results),
      roomier: () => events.roomier?.(),
      beats: (beats) => events.beats(beats),
      spawned: (key, requests) => events.spawned(key, requests),
    });
  }

  room(spec: ExecutionSpec, promised = 0): number {
    return Math.max(0, this.#inner.room(this.#placed(spec), promised + this.#waiting.size));
  }

  slots(spec: ExecutionSpec, attempts: number): number {
    return this.#inner.slots(this.#placed(spec), attempts);
  }

  start(executions: readonly Execution[]): void {
    const ready: Execution[] = [];
    const missing = new Map<string, Waiting[]>();
    for (const execution of executions) {
      const archive = archiveOf(execution.spec);
      if (archive === undefined) ready.push(execution);
      else if (this.#cache.useNow(archive)) ready.push(this.#using(execution, archive));
      else {
        const waiting = { execution, archive };
        this.#waiting.set(execution.key, waiting);
        missing.set(archive.blob, [...(missing.get(archive.blob) ?? []), waiting]);
      }
    }
    if (ready.length > 0) this.#inner.start(ready);
    if (this.#draining) this.#end([...this.#waiting.keys()], 'released');
    else for (const group of missing.values()) void this.#fetch(group);
  }

  cancel(keys: readonly number[]): void {
    this.#end(
      keys.filter((key) => this.#waiting.has(key)),
      'cancelled',
    );
    this.#inner.cancel(keys);
  }

  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    this.#end([...this.#waiting.keys()], 'released');
    await this.#inner.drain(graceMs);
  }

  async close(): Promise<void> {
    this.#draining = true;
    this.#end([...this.#waiting.keys()], 'released');
    await this.#cache.close();
    await this.#inner.close();
  }

  #placed(spec: ExecutionSpec): ExecutionSpec {
    const archive = archiveOf(spec);
    if (archive === undefined) return spec;
    const { folder } = this.#cache.look(archive);
    const known = this.#specs.get(spec);
    if (known?.code.folder === folder) return known;
    const placed = { ...spec, code: { folder } };
    this.#specs.set(spec, placed);
    return placed;
  }

  #using(execution: Execution, archive: CodeArchive): Execution {
    this.#used.set(execution.key, archive);
    return { ...execution, spec: this.#placed(execution.spec) };
  }

  /** For attempts with the same code. */
  async #fetch(group: readonly Waiting[]): Promise<void> {
    const [{ archive }] = group as [Waiting];
    let refusal: { readonly error: unknown } | undefined;
    try {
      await this.#cache.use(archive);
    } catch (error) {
      refusal = { error };
    }
    const wanted = group.filter(({ execution }) => this.#waiting.delete(execution.key));
    if (refusal !== undefined) {
      const { error } = refusal;
      if (wanted.length > 0)
        this.#events.ended(wanted.map(({ execution: { key } }) => this.#failed(key, error)));
      return;
    }
    const placed = wanted.map(({ execution }) => {
      this.#cache.useNow(archive);
      return this.#using(execution, archive);
    });
    this.#cache.letGo(archive);
    if (placed.length > 0) this.#inner.start(placed);
  }

  #failed(key: number, error: unknown): AttemptResult {
    // Who cannot be reached now is asked again by the next attempt, and this one does not count.
    if (mayPass(error)) return this.#result(key, 'released');
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 2000);
    return { ...this.#result(key, 'failed'), error: { reason: 'start', message } };
  }

  #result(key: number, outcome: AttemptResult['outcome']): AttemptResult {
    const now = this.#clock.now();
    return { key, outcome, startedAt: now, endedAt: now };
  }

  /** Of those whose code is on its way. Told when no call is on the stack. */
  #end(keys: readonly number[], outcome: 'cancelled' | 'released'): void {
    for (const key of keys) this.#waiting.delete(key);
    const results = keys.map((key) => this.#result(key, outcome));
    if (results.length > 0) queueMicrotask(() => this.#events.ended(results));
  }

  #onEnded(results: readonly AttemptResult[]): void {
    for (const { key } of results) {
      const archive = this.#used.get(key);
      if (archive === undefined) continue;
      this.#used.delete(key);
      this.#cache.letGo(archive);
    }
    this.#events.ended(results);
  }
}

const archiveOf = ({ code }: ExecutionSpec): CodeArchive | undefined =>
  code !== undefined && 'blob' in code ? code : undefined;
