import type { SpawnRequest } from '../contract/execution.ts';
import type { Spawn } from '../contract/happening.ts';
import type { Json } from '../contract/json.ts';
import type { Task } from '../contract/workflow.ts';
import type { Dag } from './dag.ts';
import { emptyMap, toGrow } from './grown-map.ts';
import { invariant } from './invariant.ts';
import { lastRenewal, type Renewal, type Renewals } from './renewal.ts';

/**
 * Sub-tasks that came by one spawn item, with neighbouring numbers. Their parent waits for those that are not
 * detached.
 */
export interface Segment {
  /** The spawn item's sort key. */
  readonly id: string;
  readonly base: number;
  readonly count: number;
  readonly parent: number;
  /** The parent's attempt that asked for them. */
  readonly attempt: number;
  readonly kind: 'map' | 'tasks';
  /** Of a map: one for each element. Undefined when they lie in a blob that this decision does not need. */
  readonly items?: readonly Json[] | undefined;
  readonly requests?: readonly SpawnRequest[] | undefined;
}

/** The tasks of one run: the workflow's, then the segments of those spawned, numbered in the order of `segments`. */
export interface Graph {
  readonly dag: Dag;
  readonly segments: Segment[];
  byId: ReadonlyMap<string, Segment>;
  /** Those that count. */
  byParent: ReadonlyMap<number, Segment[]>;
  renewals: Renewals;
  size: number;
}

export function graphOf(dag: Dag, renewals: readonly Renewal[] = []): Graph {
  return {
    dag,
    segments: [],
    byId: emptyMap(),
    byParent: emptyMap(),
    renewals: renewals.length > 0 ? new Map(renewals) : emptyMap(),
    size: dag.tasks.length,
  };
}

/**
 * Appends a spawn's tasks to the graph, in place. Requests whose key the parent has already are the same sub-tasks, and
 * are left out.
 */
export function extend(graph: Graph, id: string, spawn: Spawn): Segment {
  const segment = segmentFor(graph, id, spawn);
  graph.segments.push(segment);
  graph.byId = toGrow(graph.byId).set(id, segment);
  graph.size += segment.count;
  if (!isLive(graph, segment)) return segment;
  const siblings = graph.byParent.get(segment.parent);
  if (siblings) siblings.push(segment);
  else graph.byParent = toGrow(graph.byParent).set(segment.parent, [segment]);
  return segment;
}

/** From this attempt on a task's spawns are new ones: what those before asked for no longer counts, nor is it found. */
export function renew(graph: Graph, task: number, attempt: number, first: number): void {
  if (!graph.byParent.has(task)) return;
  const before = graph.renewals.get(task) ?? [];
  graph.renewals = toGrow(graph.renewals).set(task, [...before, [attempt, first]]);
  toGrow(graph.byParent).delete(task);
}

/** The number of a task's first attempt: no two attempts of one id in a run share theirs, also over reruns. */
export function firstAttemptOf(graph: Graph, task: number): number {
  let first = 1;
  if (graph.renewals.size === 0) return first;
  for (let segment = segmentAt(graph, task); segment; segment = segmentAt(graph, segment.parent))
    first = Math.max(first, lastRenewal(graph.renewals, segment.parent, segment.attempt)[1]);
  return first;
}

/** Whether its parent did not begin anew since. */
export const isLive = (graph: Graph, segment: Segment): boolean =>
  segment.attempt >= lastRenewal(graph.renewals, segment.parent)[0];

/** Whether a task is still part of the run: neither it nor a task above it was spawned by work that was done anew since. */
export function counts(graph: Graph, task: number): boolean {
  if (graph.renewals.size === 0) return true;
  for (let segment = segmentAt(graph, task); segment; segment = segmentAt(graph, segment.parent))
    if (!isLive(graph, segment)) return false;
  return true;
}

function segmentFor(graph: Graph, id: string, spawn: Spawn): Segment {
  const { parent, attempt, made } = spawn;
  const common = { id, base: graph.size, parent, attempt };
  if (made.kind === 'impossible') return { ...common, count: 0, kind: 'map', items: [] };
  if (made.kind === 'map') {
    const items = 'items' in made ? made.items : undefined;
    const count = 'items' in made ? made.items.length : made.count;
    return { ...common, count, kind: 'map', items };
  }
  const known = keysOf(graph, parent, lastRenewal(graph.renewals, parent, attempt)[0]);
  const requests: SpawnRequest[] = [];
  for (const request of made.requests) {
    if (known.has(request.key)) continue;
    known.add(request.key);
    requests.push(request);
  }
  return { ...common, count: requests.length, kind: 'tasks', requests };
}

interface Keys {
  readonly since: number;
  readonly keys: Set<string>;
}

/** Keys of the sub-tasks of each parent since it last began anew. */
const keysKnown = new WeakMap<Graph, Map<number, Keys>>();

function keysOf(graph: Graph, parent: number, since: number): Set<string> {
  let byParent = keysKnown.get(graph);
  if (byParent === undefined) {
    byParent = new Map();
    keysKnown.set(graph, byParent);
  }
  let known = byParent.get(parent);
  if (known?.since !== since) {
    known = { since, keys: new Set() };
    byParent.set(parent, known);
  }
  return known.keys;
}

export const segmentsOf = (graph: Graph, parent: number): readonly Segment[] =>
  graph.byParent.get(parent) ?? [];

/** The segment that a spawned task is in; undefined for the workflow's own tasks. */
export function segmentAt(graph: Graph, task: number): Segment | undefined {
  if (task < graph.dag.tasks.length) return undefined;
  let low = 0;
  let high = graph.segments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((graph.segments[middle] as Segment).base <= task) low = middle;
    else high = middle - 1;
  }
  const segment = graph.segments[low];
  invariant(segment && task < segment.base + segment.count, `a run has a task number ${task}`);
  return segment;
}

/** The parent of a spawned task; undefined for the workflow's own tasks. */
export const parentOf = (graph: Graph, task: number): number | undefined =>
  segmentAt(graph, task)?.parent;

/** Whether the parent neither waits for this sub-task nor fails with it. */
export function isDetached(segment: Segment, task: number): boolean {
  return segment.requests?.[task - segment.base]?.detached === true;
}

/** How many levels of the map above a task have been expanded: 0 for a task that the workflow itself holds. */
function depthInMap(graph: Graph, task: number): number {
  let depth = 0;
  let segment = segmentAt(graph, task);
  while (segment?.kind === 'map') {
    depth++;
    segment = segmentAt(graph, segment.parent);
  }
  return depth;
}

/** The workflow's task or spawned request that a task has its definition from. */
export function definitionOf(graph: Graph, task: number): Task {
  const asked: Asked[] = [];
  let number = task;
  let segment = segmentAt(graph, task);
  while (segment !== undefined) {
    const place = number - segment.base;
    const known = definitions.get(segment)?.[place];
    if (known) return definitionBelow(known, asked);
    if (segment.requests) asked.push({ segment, place });
    number = segment.parent;
    segment = segmentAt(graph, number);
  }
  return definitionBelow(graph.dag.tasks[number] as Task, asked);
}

interface Asked {
  readonly segment: Segment;
  readonly place: number;
}

/** Of spawned tasks, by their place in their segment. */
const definitions = new WeakMap<Segment, (Task | undefined)[]>();

/** A spawned task has its parent's options, and its own `run` if the request gives it. Innermost first. */
function definitionBelow(ancestor: Task, asked: readonly Asked[]): Task {
  let definition = ancestor;
  for (const { segment, place } of asked.toReversed()) {
    const { needs: _needs, rule: _rule, with: _with, each: _each, ...kept } = definition;
    definition = { ...kept, run: segment.requests?.[place]?.run ?? definition.run };
    const known = definitions.get(segment) ?? [];
    known[place] = definition;
    definitions.set(segment, known);
  }
  return definition;
}

/** The levels of `each` that are still to be expanded below this task; empty for a task that runs. */
export function levelsLeft(graph: Graph, task: number): readonly Json[] {
  const each = definitionOf(graph, task).each;
  return each === undefined ? [] : each.slice(depthInMap(graph, task));
}

/** The elements that a map's sub-task stands for, outermost first; empty for any other task. */
export function itemsOf(graph: Graph, task: number): readonly Json[] {
  const items: Json[] = [];
  let number = task;
  let segment = segmentAt(graph, task);
  while (segment?.kind === 'map') {
    invariant(segment.items, `the elements of ${segment.id} are loaded`);
    items.push(segment.items[number - segment.base] as Json);
    number = segment.parent;
    segment = segmentAt(graph, number);
  }
  return items.reverse();
}

/** A task's public id: its name; `map[3]` for a map's element, `parent/key` for a spawned task. */
export function idOf(graph: Graph, task: number): string {
  const parts: string[] = [];
  let number = task;
  for (let segment = segmentAt(graph, task); segment; segment = segmentAt(graph, number)) {
    const place = number - segment.base;
    parts.push(segment.kind === 'map' ? `[${place}]` : `/${segment.requests?.[place]?.key}`);
    number = segment.parent;
  }
  parts.push((graph.dag.tasks[number] as Task).id);
  return parts.reverse().join('');
}

/** The number of the task with that id; undefined when the run has none (or not yet). */
export function numberOf(graph: Graph, id: string): number | undefined {
  const end = id.search(/[[/]/);
  const own = ownNumbers(graph.dag).get(end < 0 ? id : id.slice(0, end));
  return own === undefined || end < 0 ? own : numberBelow(graph, own, id.slice(end));
}

function numberBelow(graph: Graph, parent: number, rest: string): number | undefined {
  if (rest === '') return parent;
  return rest.startsWith('/')
    ? spawnedBelow(graph, parent, rest)
    : elementBelow(graph, parent, rest);
}

function elementBelow(graph: Graph, parent: number, rest: string): number | undefined {
  const match = /^\[(0|[1-9]\d*)\]/.exec(rest);
  const place = match === null ? -1 : Number(match[1]);
  const map = segmentsOf(graph, parent).find(({ kind }) => kind === 'map');
  if (match === null || map === undefined || place >= map.count) return undefined;
  return numberBelow(graph, map.base + place, rest.slice(match[0].length));
}

/** Keys may hold slashes and brackets, so each that fits is followed. */
function spawnedBelow(graph: Graph, parent: number, rest: string): number | undefined {
  for (const { base, requests } of segmentsOf(graph, parent)) {
    for (const [i, { key }] of (requests ?? []).entries()) {
      if (!rest.startsWith(key, 1)) continue;
      const found = numberBelow(graph, base + i, rest.slice(1 + key.length));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const numbers = new WeakMap<Dag, ReadonlyMap<string, number>>();

function ownNumbers(dag: Dag): ReadonlyMap<string, number> {
  let map = numbers.get(dag);
  if (map === undefined) {
    map = new Map(dag.tasks.map((task, number) => [task.id, number]));
    numbers.set(dag, map);
  }
  return map;
}

/** The workflow's task that a task descends from; the task itself if it is one. */
export function ancestorOf(graph: Graph, task: number): number {
  let number = task;
  for (;;) {
    const parent = parentOf(graph, number);
    if (parent === undefined) return number;
    number = parent;
  }
}
