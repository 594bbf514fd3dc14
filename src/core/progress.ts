import type { RunState } from '../contract/state.ts';
import { firstAttemptOf, type Graph } from './graph.ts';
import { emptyMap, toGrow } from './grown-map.ts';
import { invariant } from './invariant.ts';
import { type Code, codes, codesCount, mayFollow } from './status.ts';

/** What is kept of a task that did not simply succeed at the first attempt. */
export interface Tries {
  /** The current attempt's number: the fence. Never falls, also over reruns, nor is one given twice to one id. */
  readonly attempt: number;
  /** Attempts that ended badly in this generation. */
  readonly tries: number;
  readonly lost: number;
  /** Epoch ms of the first attempt's start; 0 before it is known. */
  readonly since: number;
  /** Of a task in back-off: when the current attempt may start, epoch ms. */
  readonly readyAt: number;
  /** Its last attempt's end was not a success: it failed or was cancelled of itself, not by its sub-tasks. */
  readonly bad: boolean;
  /** The happening that ended the attempt before this one, so that it may be folded again without harm. */
  readonly by: string;
  /** Those that ended the attempts before that one, the latest first. */
  readonly before: readonly string[];
}

export const firstTry: Tries = {
  attempt: 1,
  tries: 0,
  lost: 0,
  since: 0,
  readyAt: 0,
  bad: false,
  by: '',
  before: [],
};

/** Of how many attempts a task remembers what ended them. What is told of older ones is not looked at. */
const attemptsRemembered = 16;

/** The next attempt, after `by` ended the one at hand. */
export const nextTry = (tries: Tries, by: string): Tries => ({
  ...tries,
  attempt: tries.attempt + 1,
  bad: false,
  by,
  before: tries.attempt === 1 ? [] : [tries.by, ...tries.before].slice(0, attemptsRemembered - 1),
});

/** The happening that ended an attempt before the current one; undefined when that is forgotten, empty when none did. */
export const endedBy = (tries: Tries, attempt: number): string | undefined =>
  attempt === tries.attempt - 1 ? tries.by : tries.before[tries.attempt - 2 - attempt];

/** The progress of up to `chunkSize` tasks with neighbouring numbers: what is stored under one version. */
export interface Chunk {
  version: number;
  /** The generation that its tasks were last reset for. */
  generation: number;
  /** How many segments the run had when this was last changed. */
  segments: number;
  /** One code a task. */
  status: Uint8Array;
  /** Of task i: `sources[decided[i] - 1]` is the happening that ended it, or its own part of it; 0: none. */
  decided: Uint16Array;
  readonly sources: string[];
  /** Of many sources: the number of each, from 1. Made when it is asked for. */
  sourceIndex: Map<string, number> | undefined;
  /** By place in the chunk. */
  tries: ReadonlyMap<number, Tries>;
  /** What was refused, each once; of very many, the first ones. */
  readonly refused: (readonly [id: string, task: number, attempt: number])[];
  /** How many tasks have each code. */
  readonly tally: Int32Array;
  dirty: boolean;
  /** Holds what was accepted of a happening and is not saved yet: if that fails, the happening may be judged otherwise. */
  unsaved: boolean;
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
  /** Ids of the controls that were decided, applied or not, rising; of very many, the last ones. */
  readonly controls: string[];
  /** The rerun that began this generation. */
  rerun: readonly number[] | 'failed' | undefined;
  dirty: boolean;
}

export const refusedListedMax = 256;

export function emptyChunk(size: number, generation: number): Chunk {
  const tally = new Int32Array(codesCount);
  tally[codes.waiting] = size;
  return {
    version: 0,
    generation,
    segments: 0,
    status: new Uint8Array(size),
    decided: new Uint16Array(size),
    sources: [],
    sourceIndex: undefined,
    tries: emptyMap(),
    refused: [],
    tally,
    dirty: false,
    unsaved: false,
  };
}

/** Makes room for every task of the graph; new ones wait. A chunk that was never saved is of this generation. */
export function grow(progress: Progress): void {
  const { graph, chunks, chunkSize, head } = progress;
  for (let n = 0; n * chunkSize < graph.size; n++) {
    const size = Math.min(chunkSize, graph.size - n * chunkSize);
    const chunk = chunks[n];
    if (chunk === undefined) chunks[n] = emptyChunk(size, head.generation);
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

/** Whether what one task's chunk says of it is not saved yet, and is not saved together with another task's. */
export function isUnsaved(progress: Progress, task: number, beside: number): boolean {
  const chunk = chunkOf(progress, task);
  return chunk.unsaved && chunk !== chunkOf(progress, beside);
}

/** Whether a chunk rests on a later head than the one at hand: they were read while somebody saved both. */
export const isTorn = ({ head, graph, chunks }: Progress): boolean =>
  chunks.some(
    ({ generation, segments }) => generation > head.generation || segments > graph.segments.length,
  );

export function chunkOf(progress: Progress, task: number): Chunk {
  const chunk = progress.chunks[Math.floor(task / progress.chunkSize)];
  invariant(chunk, `a run has a task number ${task}`);
  return chunk;
}

export const codeOf = (progress: Progress, task: number): Code =>
  chunkOf(progress, task).status[task % progress.chunkSize] as Code;

export const triesOf = (progress: Progress, task: number): Tries =>
  chunkOf(progress, task).tries.get(task % progress.chunkSize) ?? untried(progress.graph, task);

function untried(graph: Graph, task: number): Tries {
  const attempt = firstAttemptOf(graph, task);
  return attempt === 1 ? firstTry : { ...firstTry, attempt };
}

export const attemptOf = (progress: Progress, task: number): number =>
  triesOf(progress, task).attempt;

/** Whether this progress has heard of the attempt: what happened to one that it has not came after it was loaded. */
export const isKnown = (progress: Progress, task: number, attempt: number): boolean =>
  task < progress.graph.size && attempt <= attemptOf(progress, task);

/** Whether this attempt's end is awaited. */
export function isCurrent(progress: Progress, task: number, attempt: number): boolean {
  const code = codeOf(progress, task);
  const open = code === codes.waiting || code === codes.backoff;
  return open && attemptOf(progress, task) === attempt;
}

/** The happening that a task's outcome came by; undefined for skips and cancels, and while it is open. */
export function sourceOf(progress: Progress, task: number): string | undefined {
  const chunk = chunkOf(progress, task);
  return chunk.sources[(chunk.decided[task % progress.chunkSize] as number) - 1];
}

export function setTries(progress: Progress, task: number, tries: Tries): void {
  const chunk = accepting(progress, task);
  chunk.tries = toGrow(chunk.tries).set(task % progress.chunkSize, tries);
}

/** The task's chunk, in which something is accepted. */
function accepting(progress: Progress, task: number): Chunk {
  const chunk = chunkOf(progress, task);
  chunk.dirty = true;
  chunk.unsaved = true;
  return chunk;
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
  const chunk = accepting(progress, task);
  let number = sourceNumber(chunk, id);
  if (number === 0) {
    if (chunk.sources.length >= sourcesMax) dropUnused(chunk);
    number = chunk.sources.push(id);
    chunk.sourceIndex?.set(id, number);
  }
  chunk.decided[task % progress.chunkSize] = number;
}

const sourcesMax = 0xffff;
/** Up to so many sources are searched one by one. */
const searchedMax = 8;

/** The number of a source; 0 when it is none yet. */
function sourceNumber(chunk: Chunk, id: string): number {
  const { sources } = chunk;
  if (sources.length <= searchedMax) return sources.indexOf(id) + 1;
  chunk.sourceIndex ??= new Map(sources.map((source, i) => [source, i + 1]));
  return chunk.sourceIndex.get(id) ?? 0;
}

/** Forgets the sources that no task names any more. */
export function dropUnused(chunk: Chunk): void {
  const { sources, decided } = chunk;
  const before = sources.splice(0);
  const sourceIndex = new Map<string, number>();
  chunk.sourceIndex = undefined;
  for (const [place, old] of decided.entries()) {
    if (old === 0) continue;
    const id = before[old - 1] as string;
    const index = sourceIndex.get(id) ?? sources.push(id);
    sourceIndex.set(id, index);
    decided[place] = index;
  }
}

export function clearSource(progress: Progress, task: number): void {
  accepting(progress, task).decided[task % progress.chunkSize] = 0;
}

/** False: it was refused before, or too many were. */
export function refuse(progress: Progress, task: number, attempt: number, id: string): boolean {
  const chunk = chunkOf(progress, task);
  if (chunk.refused.length >= refusedListedMax) return false;
  for (const [known, which, of] of chunk.refused)
    if (known === id && which === task && of === attempt) return false;
  chunk.refused.push([id, task, attempt]);
  chunk.dirty = true;
  return true;
}

export const endedIn = (chunk: Chunk): number => {
  let ended = 0;
  for (let code = codes.succeeded; code < codesCount; code++) ended += chunk.tally[code] as number;
  return ended;
};

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
