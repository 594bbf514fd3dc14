import type {
  AttemptResult,
  Execution,
  ExecutionSpec,
  Executor,
  ExecutorEvents,
} from '../contract/execution.ts';
import { mayPass } from '../engine/passing.ts';
import type { Clock } from '../ports/clock.ts';
import type { Secrets } from '../ports/secrets.ts';
import { textsToHide } from './hidden.ts';
import { secretValue } from './secret-value.ts';

export interface WithSecretsOptions {
  readonly secrets: Secrets;
  readonly clock: Pick<Clock, 'now'>;
  readonly events: ExecutorEvents;
  /** The executor that knows variables only. */
  readonly inner: Executor;
}

/**
 * An executor that reads the secrets that a task names before an attempt starts, and gives them to its process alone, with
 * word that they must not be told.
 */
export function withSecrets(options: WithSecretsOptions): Executor {
  return new SecretsExecutor(options);
}

interface Given {
  readonly values: string;
  readonly spec: ExecutionSpec;
}

class SecretsExecutor implements Executor {
  readonly #options: WithSecretsOptions;
  readonly #inner: Executor;
  /** Those whose secrets are being read. */
  readonly #waiting = new Set<number>();
  /** One spec for all attempts of a kind that are given the same values. */
  readonly #specs = new WeakMap<ExecutionSpec, Given>();
  #draining = false;

  constructor(options: WithSecretsOptions) {
    this.#options = options;
    this.#inner = options.inner;
  }

  room(spec: ExecutionSpec, promised = 0): number {
    return this.#inner.room(this.#lastGiven(spec), promised + this.#waiting.size);
  }

  slots(spec: ExecutionSpec, attempts: number): number {
    return this.#inner.slots(this.#lastGiven(spec), attempts);
  }

  #lastGiven(spec: ExecutionSpec): ExecutionSpec {
    return spec.secrets === undefined ? spec : (this.#specs.get(spec)?.spec ?? spec);
  }

  start(executions: readonly Execution[]): void {
    const ready: Execution[] = [];
    const bySpec = new Map<ExecutionSpec, Execution[]>();
    for (const execution of executions) {
      const { spec, key } = execution;
      if (spec.secrets === undefined) ready.push(execution);
      else {
        this.#waiting.add(key);
        bySpec.set(spec, [...(bySpec.get(spec) ?? []), execution]);
      }
    }
    if (ready.length > 0) this.#inner.start(ready);
    if (this.#draining) this.#end([...this.#waiting], 'released');
    else for (const [spec, group] of bySpec) void this.#give(spec, group);
  }

  /** To attempts that need the same. */
  async #give(spec: ExecutionSpec, group: readonly Execution[]): Promise<void> {
    const given = await this.#read(spec).catch((error: unknown) => ({ error }));
    const wanted = group.filter(({ key }) => this.#waiting.delete(key));
    if (wanted.length === 0) return;
    if ('error' in given)
      this.#options.events.ended(wanted.map(({ key }) => this.#failed(key, given.error)));
    else this.#inner.start(wanted.map((execution) => ({ ...execution, spec: given })));
  }

  async #read(spec: ExecutionSpec): Promise<ExecutionSpec> {
    const { secrets = {}, ...rest } = spec;
    const read = async ([variable, reference]: [string, string]) =>
      [variable, await secretValue(this.#options.secrets, reference)] as const;
    const entries = await Promise.all(Object.entries(secrets).map(read));
    const values = JSON.stringify(entries);
    const known = this.#specs.get(spec);
    if (known?.values === values) return known.spec;
    const given: ExecutionSpec = {
      ...rest,
      env: { ...spec.env, ...Object.fromEntries(entries) },
      hidden: textsToHide(entries.map(([, value]) => value)),
    };
    this.#specs.set(spec, { values, spec: given });
    return given;
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
    this.#end([...this.#waiting], 'released');
  }

  #failed(key: number, error: unknown): AttemptResult {
    // Who cannot be reached now is asked again by the next attempt, and this one does not count.
    if (mayPass(error) || this.#draining) return this.#result(key, 'released');
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 2000);
    return { ...this.#result(key, 'failed'), error: { reason: 'secrets', message } };
  }

  /** Of those that have not begun. Told when no call is on the stack. */
  #end(keys: readonly number[], outcome: 'cancelled' | 'released'): void {
    for (const key of keys) this.#waiting.delete(key);
    const results = keys.map((key) => this.#result(key, outcome));
    if (results.length > 0) queueMicrotask(() => this.#options.events.ended(results));
  }

  #result(key: number, outcome: AttemptResult['outcome']): AttemptResult {
    const now = this.#options.clock.now();
    return { key, outcome, startedAt: now, endedAt: now };
  }
}
