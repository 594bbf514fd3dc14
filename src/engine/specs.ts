import type { Workflow } from '../contract/workflow.ts';
import { compile, type Dag } from '../core/dag.ts';
import { invariant } from '../core/invariant.ts';
import type { Blobs } from '../ports/blobs.ts';
import { keepLast } from './keep-last.ts';

export interface Spec {
  readonly workflow: Workflow;
  readonly dag: Dag;
}

/** Compiled workflows by the hash of their canonical text, which is stored once and shared by all runs. */
export interface Specs {
  load(hash: string): Promise<Spec>;
  /** The spec if it is in memory, and so stored. */
  known(hash: string): Spec | undefined;
  /** The spec if it is in memory and was stored here not long ago: blobs stay for a time from when they were last stored. */
  fresh(hash: string, now: number): Spec | undefined;
  /** Durable when answered. */
  store(hash: string, text: string | Uint8Array, spec: Spec, now: number): Promise<void>;
}

/** A process that goes on for months stores what it uses anew once in a while. */
const freshMs = 86_400_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The last ones used stay in memory: up to `max`, and up to a million tasks in all. */
export function createSpecs(blobs: Blobs, max = 100): Specs {
  const cache = new Map<string, Spec>();
  const storedAt = new Map<string, number>();
  const fresh = (hash: string, now: number): Spec | undefined =>
    now - (storedAt.get(hash) ?? Number.NEGATIVE_INFINITY) < freshMs ? cache.get(hash) : undefined;
  const keep = (hash: string, spec: Spec): Spec => {
    cache.delete(hash);
    cache.set(hash, spec);
    let tasks = 0;
    for (const kept of cache.values()) tasks += kept.dag.tasks.length;
    for (const [oldest, old] of cache) {
      if (cache.size <= 1 || (cache.size <= max && tasks <= 1_000_000)) break;
      cache.delete(oldest);
      tasks -= old.dag.tasks.length;
    }
    return spec;
  };
  const load = async (hash: string): Promise<Spec> => {
    const bytes = await blobs.get(hash);
    invariant(bytes, `the workflow ${hash} of an accepted run is stored`);
    const workflow = JSON.parse(decoder.decode(bytes)) as Workflow;
    const compiled = compile(workflow.tasks);
    invariant(compiled.kind === 'dag', `the stored workflow ${hash} compiles`);
    return { workflow, dag: compiled.dag };
  };
  const loading = new Map<string, Promise<Spec>>();
  return {
    known: (hash) => cache.get(hash),
    async load(hash) {
      const known = cache.get(hash);
      if (known) return known;
      let pending = loading.get(hash);
      if (pending === undefined) {
        pending = load(hash)
          .then((spec) => keep(hash, spec))
          .finally(() => loading.delete(hash));
        loading.set(hash, pending);
      }
      return pending;
    },
    fresh,
    async store(hash, text, spec, now) {
      if (fresh(hash, now)) return;
      const stored = await blobs.put(typeof text === 'string' ? encoder.encode(text) : text);
      invariant(stored === hash, 'a workflow is stored under the hash of its canonical text');
      storedAt.delete(hash);
      storedAt.set(hash, now);
      keepLast(storedAt, max);
      keep(hash, spec);
    },
  };
}
