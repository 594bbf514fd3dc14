import type { SpawnRequest } from '../contract/execution.ts';
import type { Spawn } from '../contract/happening.ts';
import type { Json } from '../contract/json.ts';
import type { Task } from '../contract/workflow.ts';
import type { Dag } from './dag.ts';
import { invariant } from './invariant.ts';

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
  readonly kind: 'map' | 'tasks';
  /** Of a map: one for each element. Undefined when they lie in a blob that this decision does not need. */
  readonly items?: readonly Json[] | undefined;
  readonly requests?: readonly SpawnRequest[] | undefined;
}

/** The tasks of one run: the workflow's, then the segments of those spawned, numbered in the order of `segments`. */
export interface Graph {
  readonly dag: Dag;
  readonly segments: Segment[];
  readonly byParent: Map<number, Segment[]>;
  size: number;
}

export const graphOf = (dag: Dag): Graph => ({
  dag,
  segments: [],
  byParent: new Map(),
  size: dag.tasks.length,
});

/**
 * Appends a spawn's tasks to the graph, in place. Requests whose key the parent has already are the same sub-tasks, and
 * are left out.
 */
export function extend(graph: Graph, id: string, spawn: Spawn): Segment {
  const segment = segmentFor(graph, id, spawn);
  graph.segments.push(segment);
  const siblings = graph.byParent.get(segment.parent);
  if (siblings) siblings.push(segment);
  else graph.byParent.set(segment.parent, [segment]);
  graph.size += segment.count;
  return segment;
}

function segmentFor(graph: Graph, id: string, spawn: Spawn): Segment {
  const made = spawn.made;
  const base = graph.size;
  const parent = spawn.parent;
  if (made.kind === 'impossible') return { id, base, count: 0, parent, kind: 'map', items: [] };
  if (made.kind === 'map') {
    const count = 'items' in made ? made.items.length : made.count;
    const items = 'items' in made ? made.items : undefined;
    return { id, base, count, parent, kind: 'map', items };
  }
  const known = new Set<string>();
  for (const segment of segmentsOf(graph, parent))
    for (const request of segment.requests ?? []) known.add(request.key);
  const requests = made.requests.filter((request) => !known.has(request.key));
  return { id, base, count: requests.length, parent, kind: 'tasks', requests };
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
  const segment = segmentAt(graph, task);
  if (segment === undefined) return graph.dag.tasks[task] as Task;
  const parent = definitionOf(graph, segment.parent);
  if (segment.kind === 'map') return parent;
  const request = segment.requests?.[task - segment.base] as SpawnRequest;
  return spawnedDefinition(parent, request);
}

const spawnedDefinitions = new WeakMap<SpawnRequest, Task>();

/** A spawned task has its parent's options, and its own `run` and input if the request gives them. */
function spawnedDefinition(parent: Task, request: SpawnRequest): Task {
  const known = spawnedDefinitions.get(request);
  if (known) return known;
  const { needs: _needs, rule: _rule, with: _with, each: _each, ...kept } = parent;
  const task: Task = { ...kept, run: request.run ?? parent.run };
  spawnedDefinitions.set(request, task);
  return task;
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
    items.unshift(segment.items[number - segment.base] as Json);
    number = segment.parent;
    segment = segmentAt(graph, number);
  }
  return items;
}

/** A task's public id: its name; `map[3]` for a map's element, `parent/key` for a spawned task. */
export function idOf(graph: Graph, task: number): string {
  const segment = segmentAt(graph, task);
  if (segment === undefined) return (graph.dag.tasks[task] as Task).id;
  const parent = idOf(graph, segment.parent);
  const place = task - segment.base;
  if (segment.kind === 'map') return `${parent}[${place}]`;
  return `${parent}/${segment.requests?.[place]?.key}`;
}

/** The number of the task with that id; undefined when the run has none (or not yet). */
export function numberOf(graph: Graph, id: string): number | undefined {
  const own = ownNumbers(graph.dag).get(id);
  if (own !== undefined) return own;
  const cut = Math.max(id.lastIndexOf('/'), id.lastIndexOf('['));
  if (cut <= 0) return undefined;
  const parent = numberOf(graph, id.slice(0, cut));
  if (parent === undefined) return undefined;
  const place = id[cut] === '[' ? Number(id.slice(cut + 1, -1)) : undefined;
  for (const segment of segmentsOf(graph, parent)) {
    const index =
      place ?? segment.requests?.findIndex((request) => request.key === id.slice(cut + 1)) ?? -1;
    const fits = place === undefined ? segment.kind === 'tasks' : segment.kind === 'map';
    if (fits && Number.isInteger(index) && index >= 0 && index < segment.count)
      return segment.base + index;
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
