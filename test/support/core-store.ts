/** A run's progress as it is stored: head and chunks apart, each under its version. */
import type { Spawn } from '../../src/contract/happening.ts';
import type { RunState } from '../../src/contract/state.ts';
import { decodeChunk, encodeChunk, type StoredChunk } from '../../src/core/chunk-codec.ts';
import type { Dag } from '../../src/core/dag.ts';
import { extend, graphOf } from '../../src/core/graph.ts';
import { type Chunk, grow, type Head, type Progress } from '../../src/core/progress.ts';
import type { Renewal } from '../../src/core/renewal.ts';
import { headOf } from './core-progress.ts';

export class Store {
  readonly #dag: Dag;
  readonly #chunkSize: number;
  readonly #spawnOf: (id: string) => Spawn;
  #version = 1;
  #head: Head = headOf();
  #segments: readonly string[] = [];
  #renewals: readonly Renewal[] = [];
  readonly #chunks: ({ readonly version: number; readonly stored: StoredChunk } | undefined)[] = [];
  readonly #loaded = new WeakMap<Progress, number>();

  constructor(dag: Dag, chunkSize: number, spawnOf: (id: string) => Spawn) {
    this.#dag = dag;
    this.#chunkSize = chunkSize;
    this.#spawnOf = spawnOf;
  }

  get state(): RunState {
    return this.#head.state;
  }

  get generation(): number {
    return this.#head.generation;
  }

  /** All at once, as nobody does who shares a table. */
  load(): Progress {
    const steps = this.loadInSteps();
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  /** The head first, then chunk by chunk: others may save in between. */
  *loadInSteps(): Generator<undefined, Progress, undefined> {
    const graph = graphOf(this.#dag, structuredClone(this.#renewals));
    for (const id of this.#segments) extend(graph, id, this.#spawnOf(id));
    const progress: Progress = {
      head: structuredClone(this.#head),
      graph,
      chunks: [],
      chunkSize: this.#chunkSize,
    };
    this.#loaded.set(progress, this.#version);
    for (let n = 0; n * this.#chunkSize < graph.size; n++) {
      yield;
      const chunk = this.#chunks[n];
      if (chunk) progress.chunks[n] = decodeChunk(chunk.stored, chunk.version);
    }
    grow(progress);
    return progress;
  }

  /** Whether nobody saved the head since this progress was loaded. */
  isCurrent(progress: Progress): boolean {
    return this.#loaded.get(progress) === this.#version;
  }

  /** False: somebody else was first. */
  saveHead(progress: Progress): boolean {
    if (!this.isCurrent(progress)) return false;
    const { head, graph } = progress;
    head.dirty = false;
    this.#loaded.set(progress, ++this.#version);
    this.#head = structuredClone(head);
    this.#segments = graph.segments.map(({ id }) => id);
    this.#renewals = structuredClone([...graph.renewals]);
    return true;
  }

  saveChunk(progress: Progress, n: number): boolean {
    const chunk = progress.chunks[n] as Chunk;
    if (this.chunkVersion(n) !== chunk.version) return false;
    const { data, bytes } = encodeChunk(chunk);
    chunk.version++;
    chunk.dirty = false;
    const stored = { data: JSON.parse(JSON.stringify(data)), bytes };
    this.#chunks[n] = { version: chunk.version, stored };
    return true;
  }

  chunkVersion(n: number): number {
    return this.#chunks[n]?.version ?? 0;
  }
}
