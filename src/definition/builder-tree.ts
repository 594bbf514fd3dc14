import { Problem } from '../contract/problem.ts';
import type { TaskHandle, TaskOptions, WorkflowOptions } from './builder-options.ts';
import { referenceText, taskOfReference } from './handles.ts';
import {
  depthMax,
  type Entry,
  forbiddenKey,
  type MapNode,
  type Node,
  quoted,
  tooDeep,
} from './tree.ts';

/** Keys whose values are the author's own, in which no name is changed. */
const ownNames = new Set(['with', 'each', 'env', 'default']);

/** What was built, as if it had been read from a file: so both are checked by the same code. */
export function treeOf(
  name: string,
  options: WorkflowOptions,
  tasks: readonly TaskHandle[],
): MapNode {
  const { tasks: _tasks, input, ...rest } = options;
  const fields = mapNode(rest, '', 0, 'ours').entries;
  const declared = input && [entry('input', inputNode(input))];
  const all = tasks.map(({ id, options }) => entry(id, taskNode(id, options)));
  refuseDoubles(tasks);
  return map([entry('name', leaf(name)), ...(declared ?? []), ...fields, entry('tasks', map(all))]);
}

const map = (entries: readonly Entry[]): MapNode => ({ kind: 'map', at: -1, entries });
const entry = (key: string, value: Node): Entry => ({ key, at: -1, value });
const leaf = (value: string | number | boolean | null): Node => ({ kind: 'value', at: -1, value });

function refuse(pointer: string, message: string): never {
  throw new Problem('workflow-invalid', `${pointer} ${message}`, [{ pointer, message }]);
}

function refuseDoubles(tasks: readonly TaskHandle[]): void {
  const seen = new Set<string>();
  for (const { id } of tasks) {
    if (seen.has(id)) refuse('/tasks', `the task ${quoted(id)} is there twice`);
    seen.add(id);
  }
}

/** The names of input fields are the author's, the words of a field are ours. */
const inputNode = (input: object): Node =>
  map(
    Object.entries(input).map(([name, field]) =>
      entry(name, node(field, `/input/${name}`, 1, 'ours')),
    ),
  );

function taskNode(id: string, options: TaskOptions): Node {
  const { needs, ...rest } = options;
  const named = needs === undefined ? [] : [needs].flat();
  const ids = new Set(named.map((need) => (typeof need === 'string' ? need : need.id)));
  for (const used of tasksIn([options.with, options.each, options.sequence, options.tandem]))
    ids.add(used);
  const { entries } = mapNode(rest, `/tasks/${id}`, 0, 'ours');
  if (ids.size === 0) return map(entries);
  const list: Node = { kind: 'list', at: -1, items: [...ids].map(leaf) };
  return map([entry('needs', list), ...entries]);
}

/** The tasks whose outputs a value refers to by handles. Depth is bounded when the value is read. */
function* tasksIn(value: unknown, depth = 0): Generator<string> {
  if (typeof value !== 'object' || value === null || depth > depthMax) return;
  const used = taskOfReference(value);
  if (used !== undefined) yield used;
  if (referenceText(value) !== undefined) return;
  for (const inner of Object.values(value)) yield* tasksIn(inner, depth + 1);
}

/** Whether keys are words of ours, in camel case, or the author's own. */
type Names = 'ours' | 'own';

function node(value: unknown, pointer: string, depth: number, names: Names): Node {
  const text = referenceText(value);
  if (text !== undefined) return leaf(text);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return leaf(value);
  if (typeof value === 'number' && Number.isFinite(value)) return leaf(value);
  if (typeof value !== 'object') return refuse(pointer, `expected JSON, not ${String(value)}`);
  if (depth >= depthMax) return refuse(pointer, tooDeep);
  if (!Array.isArray(value)) return mapNode(value, pointer, depth, names);
  const items = value.map((item, index) => node(item, `${pointer}/${index}`, depth + 1, names));
  return { kind: 'list', at: -1, items };
}

/** What is undefined counts as not given. */
function mapNode(value: object, pointer: string, depth: number, names: Names): MapNode {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    refuse(pointer, 'expected JSON: plain maps, lists and values');
  const entries: Entry[] = [];
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    if (key === forbiddenKey) refuse(pointer, `the key ${quoted(key)} is not allowed`);
    const name = names === 'ours' ? kebab(key) : key;
    const below = ownNames.has(key) ? 'own' : names;
    entries.push(entry(name, node(inner, `${pointer}/${name}`, depth + 1, below)));
  }
  return map(entries);
}

const kebab = (key: string): string =>
  key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
