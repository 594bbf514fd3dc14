import type { RunState } from '../contract/state.ts';
import type { Graph } from './graph.ts';
import { invariant } from './invariant.ts';
import { type Code, codes, codesCount, hasEnded, mayFollow } from './status.ts';

/** What is kept of a task that did not simply succeed at the first attempt. */
export interface Tries {
  /** The current attempt's number: the fence. Never falls, also over reruns. */
  readonly attempt: number;
  /** Attempts that ended badly in this generation. */
  readonly tries: number;
  readonly lost: number;
  /** Epoch ms of the first attempt's start; 0 before it is known. */
  readonly since: number;
  /** Of a task in back-off: when the current attempt may start, epoch ms. */
  readonly readyAt: number;
  /** The happening that led to the current attempt, so that it may be folded again without harm. */
  readonly by: string;
}

export const firstTry: Tries = { attempt: 1, tries: 0, lost: 0, since: 0, readyAt: 0, by: '' };

/** The progress of up to `chunkSize` tasks with neighbouring numbers: what is stored under one version. */
export interface Chunk {
  version: number;
  /** The generation that its tasks were last reset for. */
  generation: number;
  /** One code a task. */
  status: Uint8Array;
  /** Of task i: `sources[decided[i] - 1]` is the happening that ended it, or its own part of it; 0: none. */
  decided: Uint16Array;
  readonly sources: string[];
  readonly sourceIndex: Map<string, number>;
  /** By place in the chunk. */
  readonly tries: Map<number, Tries>;
  /** Reports that were refused: happening and task. All are counted; the first ones are listed. */
  readonly refused: (readonly [id: string, task: number, attempt: number])[];
  refusedCount: number;
  /** How many tasks have each code. */
  readonly tally: Int32Array;
  dirty: boolean;
}

/** A run as its decider sees it. Folding changes it in place: whoever can't save it throws it away and loads anew. */
export interface Progress {
  readonly head: Head;
  readonly graph: Graph;
  readonly chunks: Chunk[];
  readonly chunkSize: number;
}

/** What is decided of the run as a whole. */
export interface Head {
  readonly runId: string;
  state: RunState;
  generation: number;
  reason: string | undefined;
  /** The cancel at work makes the run fail. */
  fails: boolean;
  /** Ids of the controls that were applied. */
  readonly controls: string[];
  /** The rerun that began this generation. */
  rerun: readonly number[] | 'failed' | undefined;
  dirty: boolean;
}

export const refusedListedMax = 256;

export function emptyChunk(size: number): Chunk {
  const tally = new Int32Array(codesCount);
  tally[codes.waiting] = size;
  return {
    version: 0,
    generation: 1,
    status: new Uint8Array(size),
    decided: new Uint16Array(size),
    sources: [],
    sourceIndex: new Map(),
    tries: new Map(),
    refused: [],
    refusedCount: 0,
    tally,
    dirty: false,
  };
}

/** Makes room for every task of the graph; new ones wait. */
export function grow(progress: Progress): void {
  const { graph, chunks, chunkSize } = progress;
  for (let n = 0; n * chunkSize < graph.size; n++) {
    const size = Math.min(chunkSize, graph.size - n * chunkSize);
    const chunk = chunks[n];
    if (chunk === undefined) chunks[n] = emptyChunk(size);
    else if (chunk.status.length < size) enlarge(chunk, size);
  }
}

function enlarge(chunk: Chunk, size: number): void {
  const status = new Uint8Array(size);
  status.set(chunk.status);
  const decided = new Uint16Array(size);
  decided.set(chunk.decided);
  chunk.tally[codes.waiting] = (chunk.tally[codes.waiting] as number) + size - chunk.status.length;
  chunk.status = status;
  chunk.decided = decided;
}

export function chunkOf(progress: Progress, task: number): Chunk {
  const chunk = progress.chunks[Math.floor(task / progress.chunkSize)];
  invariant(chunk, `a run has a task number ${task}`);
  return chunk;
}

export const codeOf = (progress: Progress, task: number): Code =>
  chunkOf(progress, task).status[task % progress.chunkSize] as Code;

export const triesOf = (progress: Progress, task: number): Tries =>
  chunkOf(progress, task).tries.get(task % progress.chunkSize) ?? firstTry;

export const attemptOf = (progress: Progress, task: number): number =>
  triesOf(progress, task).attempt;

/** The happening that a task's outcome came by; undefined for skips and cancels, and while it is open. */
export function sourceOf(progress: Progress, task: number): string | undefined {
  const chunk = chunkOf(progress, task);
  return chunk.sources[(chunk.decided[task % progress.chunkSize] as number) - 1];
}

export function setTries(progress: Progress, task: number, tries: Tries): void {
  const chunk = chunkOf(progress, task);
  chunk.tries.set(task % progress.chunkSize, tries);
  chunk.dirty = true;
}

export function setCode(progress: Progress, task: number, code: Code): void {
  const chunk = chunkOf(progress, task);
  const place = task % progress.chunkSize;
  const before = chunk.status[place] as number;
  if (before === code) return;
  invariant(mayFollow(before, code), `code ${code} may follow code ${before} (task ${task})`);
  chunk.status[place] = code;
  chunk.tally[before] = (chunk.tally[before] as number) - 1;
  chunk.tally[code] = (chunk.tally[code] as number) + 1;
  chunk.dirty = true;
}

export function setSource(progress: Progress, task: number, id: string): void {
  const chunk = chunkOf(progress, task);
  let index = chunk.sourceIndex.get(id);
  if (index === undefined) {
    chunk.sources.push(id);
    index = chunk.sources.length;
    chunk.sourceIndex.set(id, index);
  }
  chunk.decided[task % progress.chunkSize] = index;
  chunk.dirty = true;
}

export function clearSource(progress: Progress, task: number): void {
  chunkOf(progress, task).decided[task % progress.chunkSize] = 0;
}

export function refuse(progress: Progress, task: number, attempt: number, id: string): void {
  const chunk = chunkOf(progress, task);
  if (chunk.refused.some(([known, which]) => known === id && which === task)) return;
  chunk.refusedCount++;
  if (chunk.refused.length < refusedListedMax) chunk.refused.push([id, task, attempt]);
  chunk.dirty = true;
}

export const endedIn = (chunk: Chunk): number => {
  let ended = 0;
  for (let code = codes.succeeded; code < codesCount; code++) ended += chunk.tally[code] as number;
  return ended;
};

/** Whether every task of the run has ended. */
export function allEnded(progress: Progress): boolean {
  return progress.chunks.every((chunk) => endedIn(chunk) === chunk.status.length);
}

/** How many tasks have each code, over the run. */
export function tallyOf(progress: Progress): Int32Array {
  const total = new Int32Array(codesCount);
  for (const chunk of progress.chunks)
    for (let code = 0; code < codesCount; code++)
      total[code] = (total[code] as number) + (chunk.tally[code] as number);
  return total;
}

/** How many of the tasks `from` to `to` (exclusive) have each code, added to `counts`. Whole chunks cost nothing. */
export function countRange(progress: Progress, from: number, to: number, counts: Int32Array): void {
  const size = progress.chunkSize;
  for (let at = from; at < to; ) {
    const n = Math.floor(at / size);
    const chunk = progress.chunks[n] as Chunk;
    const end = Math.min(to, (n + 1) * size);
    if (at === n * size && end - at === chunk.status.length) {
      for (let code = 0; code < codesCount; code++)
        counts[code] = (counts[code] as number) + (chunk.tally[code] as number);
    } else {
      for (let i = at; i < end; i++) {
        const code = chunk.status[i - n * size] as number;
        counts[code] = (counts[code] as number) + 1;
      }
    }
    at = end;
  }
}

export const isOpen = (progress: Progress, task: number): boolean =>
  !hasEnded(codeOf(progress, task));
