import { mkdirSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type Artifact,
  type ArtifactLimits,
  artifactLimits,
  type NeededArtifacts,
} from '../contract/artifacts.ts';
import type {
  AttemptResult,
  Execution,
  ExecutionSpec,
  Executor,
  ExecutorEvents,
} from '../contract/execution.ts';
import { Problem } from '../contract/problem.ts';
import { readStored } from '../engine/blobs.ts';
import { mayPass } from '../engine/passing.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Clock } from '../ports/clock.ts';
import { ArtifactCache } from './artifact-cache.ts';
import { removeLaidOut } from './code-folder.ts';
import { ArtifactRefusal, storeLeftFiles } from './left-files.ts';
import { passOn } from './pass-on.ts';

export interface ArtifactPorts {
  readonly blobs: Blobs;
  readonly clock: Clock;
}

export interface WithArtifactsOptions {
  readonly ports: ArtifactPorts;
  /** Where attempts' files and what is kept of them lie. */
  readonly folder: string;
  readonly limits?: ArtifactLimits | undefined;
  readonly events: ExecutorEvents;
  /** The executor that knows folders only. */
  readonly inner: (events: ExecutorEvents) => Executor;
}

/**
 * An executor that lays what its needs have left before an attempt, and stores what it leaves itself when it has
 * succeeded. Neither counts to the attempt's own time.
 */
export function withArtifacts(options: WithArtifactsOptions): Executor {
  return new ArtifactExecutor(options);
}

class ArtifactExecutor implements Executor {
  readonly #options: WithArtifactsOptions;
  readonly #inner: Executor;
  readonly #cache: ArtifactCache;
  /** Those whose files are on their way. */
  readonly #waiting = new Set<number>();
  /** The folders of what runs. */
  readonly #folders = new Map<number, { readonly own: string; readonly left?: string }>();
  /** Those that succeeded, while what they left is stored. */
  readonly #storing = new Map<number, Promise<void>>();
  #draining = false;

  constructor(options: WithArtifactsOptions) {
    const { events, inner, ports, folder } = options;
    this.#options = options;
    this.#cache = new ArtifactCache({ blobs: ports.blobs, folder: join(folder, 'kept') });
    this.#inner = inner(passOn(events, (results) => this.#onEnded(results)));
  }

  room(spec: ExecutionSpec, promised = 0): number {
    return this.#inner.room(spec, promised + this.#waiting.size);
  }

  slots(spec: ExecutionSpec, attempts: number): number {
    return this.#inner.slots(spec, attempts);
  }

  start(executions: readonly Execution[]): void {
    const ready: Execution[] = [];
    for (const execution of executions) {
      const { spec, needed } = execution;
      if (spec.artifacts === undefined && needed === undefined) ready.push(execution);
      else void this.#prepare(execution, needed);
    }
    if (ready.length > 0) this.#inner.start(ready);
  }

  async #prepare(execution: Execution, needed: Execution['needed']): Promise<void> {
    const { key, spec } = execution;
    this.#waiting.add(key);
    const own = join(this.#options.folder, String(key));
    const left = spec.artifacts === undefined ? {} : { left: join(own, 'left') };
    let refusal: { readonly error: unknown } | undefined;
    try {
      await mkdir(own, { recursive: true, mode: 0o700 });
      if (left.left !== undefined) mkdirSync(left.left, { mode: 0o700 });
      if (needed !== undefined) await this.#layOut(join(own, 'needed'), needed);
    } catch (error) {
      refusal = { error };
    }
    // It was cancelled, or handed back, meanwhile.
    if (!this.#waiting.delete(key)) return removeLaidOut(own);
    if (refusal !== undefined) {
      void removeLaidOut(own);
      return this.#options.events.ended([this.#notStarted(key, refusal.error)]);
    }
    this.#folders.set(key, { own, ...left });
    const given = needed !== undefined ? { needed: join(own, 'needed') } : {};
    this.#inner.start([{ ...execution, folders: { ...left, ...given } }]);
  }

  async #layOut(root: string, needed: readonly NeededArtifacts[]): Promise<void> {
    const folders = new Set([root]);
    await mkdir(root);
    for (const { folder, list } of needed) {
      const name = folder.replaceAll('/', ' ');
      const value = await read(this.#options.ports.blobs, list, `the artifacts of ${name}`);
      for (const artifact of value) {
        const path = join(root, folder, artifact.path);
        for (let at = dirname(path); !folders.has(at); at = dirname(at)) folders.add(at);
        await mkdir(dirname(path), { recursive: true });
        await named(`artifact ${artifact.path} of ${name}`, () => this.#cache.lay(artifact, path));
      }
    }
    for (const one of folders) await chmod(one, 0o555);
  }

  #notStarted(key: number, error: unknown): AttemptResult {
    const now = this.#options.ports.clock.now();
    const at = { key, startedAt: now, endedAt: now };
    // Who cannot be reached now is asked again by the next attempt, and this one does not count.
    if (mayPass(error) || this.#draining) return { ...at, outcome: 'released' };
    return { ...at, outcome: 'failed', error: { reason: 'artifacts', message: textOf(error) } };
  }

  #onEnded(results: readonly AttemptResult[]): void {
    const ended: AttemptResult[] = [];
    for (const result of results) {
      const folders = this.#folders.get(result.key);
      this.#folders.delete(result.key);
      if (folders?.left !== undefined && result.outcome === 'succeeded')
        this.#storing.set(result.key, this.#store(result, folders.left, folders.own));
      else {
        ended.push(result);
        if (folders !== undefined) void removeLaidOut(folders.own);
      }
    }
    if (ended.length > 0) this.#options.events.ended(ended);
  }

  async #store(result: AttemptResult, left: string, own: string): Promise<void> {
    const { ports, limits = artifactLimits, events } = this.#options;
    let whole = result;
    try {
      const artifacts = await storeLeftFiles(ports, left, limits);
      if (artifacts !== undefined) whole = { ...result, artifacts };
    } catch (error) {
      const { output: _output, ...rest } = result;
      const message = textOf(error);
      whole = { ...rest, outcome: 'failed', error: { reason: 'artifacts', message } };
    }
    // Else it was handed back when all was closed.
    if (this.#storing.delete(result.key)) events.ended([whole]);
    await removeLaidOut(own);
  }

  cancel(keys: readonly number[]): void {
    this.#endWaiting(keys, 'cancelled');
    this.#inner.cancel(keys);
  }

  #endWaiting(keys: readonly number[], outcome: 'cancelled' | 'released'): void {
    const now = this.#options.ports.clock.now();
    const results = keys
      .filter((key) => this.#waiting.delete(key))
      .map((key) => ({ key, outcome, startedAt: now, endedAt: now }));
    if (results.length > 0) queueMicrotask(() => this.#options.events.ended(results));
  }

  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    this.#endWaiting([...this.#waiting], 'released');
    await this.#inner.drain(graceMs);
    await Promise.all(this.#storing.values());
  }

  async close(): Promise<void> {
    this.#draining = true;
    this.#endWaiting([...this.#waiting], 'released');
    this.#storing.clear();
    await this.#inner.close();
  }
}

async function read(
  blobs: Blobs,
  list: NeededArtifacts['list'],
  what: string,
): Promise<readonly Artifact[]> {
  return named(what, async () => {
    const value = 'value' in list ? list.value : await readStored(blobs, list);
    return value as readonly Artifact[];
  });
}

/** What is wrong with an artifact says whose it is. */
async function named<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (mayPass(error)) throw error;
    const code = error instanceof Problem ? 'cannot be used' : 'cannot be laid out';
    throw new ArtifactRefusal(`${what} ${code}: ${textOf(error)}`);
  }
}

const textOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 2000);
