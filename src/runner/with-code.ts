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
import type { Dependencies } from './dependencies/dependencies.ts';
import { type Environment, languageOf, withEnvironment } from './dependencies/environment.ts';
import { InstallFailure } from './dependencies/installations.ts';
import { passOn } from './pass-on.ts';

export interface WithCodeOptions {
  readonly cache: CodeCache;
  readonly dependencies: Dependencies;
  /** What every task's environment begins with. */
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Pick<Clock, 'now'>;
  readonly events: ExecutorEvents;
  /** The executor that knows folders only. */
  readonly inner: (events: ExecutorEvents) => Executor;
}

/**
 * An executor that also runs what has its code in an archive: before an attempt starts it is fetched, and what it needs is
 * installed. Neither counts to the attempt's own time.
 */
export function withCode(options: WithCodeOptions): Executor {
  return new FetchingExecutor(options);
}

interface Waiting {
  readonly execution: Execution;
  readonly archive: CodeArchive;
  /** When something began to be installed for it. */
  since?: number;
}

interface Placed {
  readonly placed: ExecutionSpec & { readonly code: { readonly folder: string } };
  readonly environment: Environment | undefined;
}

class FetchingExecutor implements Executor {
  readonly #cache: CodeCache;
  readonly #dependencies: Dependencies;
  readonly #env: Readonly<Record<string, string>>;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #events: ExecutorEvents;
  readonly #inner: Executor;
  /** Those whose code is on its way. */
  readonly #waiting = new Map<number, Waiting>();
  #draining = false;
  /** The code of what runs. */
  readonly #used = new Map<number, CodeArchive>();
  /** One spec for all attempts of a kind, in the folder where its code lies now. */
  readonly #specs = new WeakMap<ExecutionSpec, Placed>();

  constructor({ cache, dependencies, env, clock, events, inner }: WithCodeOptions) {
    this.#cache = cache;
    this.#dependencies = dependencies;
    this.#env = env;
    this.#clock = clock;
    this.#events = events;
    this.#inner = inner(passOn(events, (results) => this.#onEnded(results)));
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
      const { spec } = execution;
      const archive = archiveOf(spec);
      if (archive === undefined) ready.push(execution);
      else if (this.#useNow(archive, spec)) ready.push(this.#using(execution, archive));
      else {
        const waiting = { execution, archive };
        this.#waiting.set(execution.key, waiting);
        const kind = kindOf(spec, archive);
        missing.set(kind, [...(missing.get(kind) ?? []), waiting]);
      }
    }
    if (ready.length > 0) this.#inner.start(ready);
    if (this.#draining) this.#end([...this.#waiting.keys()], 'released');
    else for (const group of missing.values()) void this.#prepare(group);
  }

  /** Whether code and dependencies are there; then they stay until the code is let go of. */
  #useNow(archive: CodeArchive, spec: ExecutionSpec): boolean {
    if (!this.#cache.useNow(archive)) return false;
    if (spec.dependencies === undefined || this.#environmentOf(archive, spec)) return true;
    this.#cache.letGo(archive);
    return false;
  }

  #environmentOf(archive: CodeArchive, spec: ExecutionSpec): Environment | undefined {
    if (spec.dependencies === undefined) return undefined;
    return this.#dependencies.known(this.#cache.look(archive), spec);
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
    await this.#dependencies.close();
    await this.#cache.close();
    await this.#inner.close();
  }

  #placed(spec: ExecutionSpec): ExecutionSpec {
    const archive = archiveOf(spec);
    if (archive === undefined) return spec;
    const { folder } = this.#cache.look(archive);
    const environment = this.#environmentOf(archive, spec);
    const known = this.#specs.get(spec);
    if (known?.placed.code.folder === folder && known.environment === environment)
      return known.placed;
    const placed = {
      ...spec,
      ...(environment && { env: withEnvironment(environment, spec.env, this.#env) }),
      code: { folder },
    };
    this.#specs.set(spec, { placed, environment });
    return placed;
  }

  #using(execution: Execution, archive: CodeArchive): Execution {
    this.#used.set(execution.key, archive);
    return { ...execution, spec: this.#placed(execution.spec) };
  }

  /** For attempts that need the same. */
  async #prepare(group: readonly Waiting[]): Promise<void> {
    const [{ archive }] = group as [Waiting];
    let refusal: { readonly error: unknown } | undefined;
    try {
      await this.#cache.use(archive);
      await this.#install(group).catch((error) => {
        this.#cache.letGo(archive);
        throw error;
      });
    } catch (error) {
      refusal = { error };
    }
    const wanted = group.filter(({ execution }) => this.#waiting.delete(execution.key));
    if (refusal !== undefined) {
      const { error } = refusal;
      if (wanted.length > 0)
        this.#events.ended(wanted.map((waiting) => this.#failed(waiting, error)));
      return;
    }
    const placed = wanted.map(({ execution }) => {
      this.#cache.useNow(archive);
      return this.#using(execution, archive);
    });
    this.#cache.letGo(archive);
    this.#tellStep(wanted, undefined);
    if (placed.length > 0) this.#inner.start(placed);
  }

  async #install(group: readonly Waiting[]): Promise<void> {
    const [{ archive, execution }] = group as [Waiting];
    const { spec } = execution;
    if (spec.dependencies === undefined) return;
    const code = { folder: this.#cache.look(archive).folder, hash: archive.blob };
    let told = false;
    await this.#dependencies.get(code, spec, () => {
      if (told) return;
      told = true;
      const at = this.#clock.now();
      const waiting = group.filter(({ execution: { key } }) => this.#waiting.has(key));
      for (const one of waiting) one.since = at;
      this.#events.started(waiting.map(({ execution: { key } }) => ({ key, at })));
      this.#tellStep(waiting, 'installing dependencies');
    });
  }

  /** Undefined: what comes next is the task's own. */
  #tellStep(group: readonly Waiting[], step: string | undefined): void {
    const at = this.#clock.now();
    const told = group.filter(({ since }) => since !== undefined);
    if (told.length === 0) return;
    const said = step === undefined ? {} : { step, stepAt: at };
    this.#events.beats(told.map(({ execution: { key } }) => ({ key, at, ...said })));
  }

  #failed({ execution: { key }, since }: Waiting, error: unknown): AttemptResult {
    // Who cannot be reached now is asked again by the next attempt, and this one does not count.
    if (mayPass(error) || this.#draining) return this.#result(key, 'released');
    const reason = error instanceof InstallFailure ? 'dependencies' : 'start';
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 2000);
    const result = this.#result(key, 'failed');
    return { ...result, startedAt: since ?? result.startedAt, error: { reason, message } };
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

/** Equal for attempts that wait for the same. */
const kindOf = (spec: ExecutionSpec, { blob }: CodeArchive): string =>
  spec.dependencies === undefined ? blob : `${blob} ${languageOf(spec.run) ?? ''}`;
