import type { Finding } from './check.ts';
import { runKinds } from './read-run.ts';
import { type Entry, entryOf, isMap, type MapNode, type Node } from './tree.ts';

/** What an author calls the fields of a canonical task. Of several, the first that is there. */
const authorKeys: Readonly<Record<string, readonly string[]>> = {
  run: runKinds,
  rule: ['when'],
  delivery: ['delivery'],
  onLost: ['on-lost', 'delivery'],
  retry: ['retries', 'retry', 'backoff'],
  runMs: ['timeout'],
  graceMs: ['grace'],
  queueMs: ['queue-timeout'],
  installMs: ['install-timeout'],
  heartbeatMs: ['heartbeat-timeout'],
  timeLimitMs: ['timeout'],
};
const backoffFirst = ['backoff', 'retry', 'retries'];

/** The place in an author's text that a finding in the canonical form is about: as near as can be told. */
export function locate(root: MapNode, finding: Finding): Node | Entry {
  if (finding.task < 0) return descend(root, finding.path) ?? root;
  const tasks = entryOf(root, 'tasks')?.value;
  const task = tasks && isMap(tasks) ? tasks.entries[finding.task] : undefined;
  if (task === undefined) return root;
  const defaults = entryOf(root, 'defaults')?.value;
  const keys = keysFor(finding.path);
  const entry = firstOf(task.value, keys) ?? firstOf(defaults, keys);
  return entry === undefined ? task : (within(entry, finding.path) ?? entry);
}

function keysFor([first, second]: Finding['path']): readonly string[] {
  if (first === 'retry' && second === 'backoff') return backoffFirst;
  const field = first === 'limits' ? second : first;
  return authorKeys[field as string] ?? [String(field)];
}

function firstOf(node: Node | undefined, keys: readonly string[]): Entry | undefined {
  if (node === undefined || !isMap(node)) return undefined;
  for (const key of keys) {
    const entry = entryOf(node, key);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function within(entry: Entry, path: Finding['path']): Node | Entry | undefined {
  const [field, ...rest] = path;
  switch (field) {
    case 'needs':
      return entry.value.kind === 'list' ? descend(entry.value, rest) : entry.value;
    case 'code':
      return entry.value;
    case 'with':
    case 'env':
      return descend(entry.value, rest);
    case 'each':
      return levelOf(entry.value, rest);
    case 'run':
      return stepOf(entry, rest);
    default:
      return undefined;
  }
}

function levelOf(node: Node, [level, ...rest]: Finding['path']): Node | Entry | undefined {
  if (!isMap(node)) return descend(node, rest);
  return descend(node, ['levels', level as number, ...rest]);
}

/** `steps/2/with/a` of a canonical run is `sequence/2/with/a`; a step may also be only a text. */
function stepOf(entry: Entry, path: Finding['path']): Node | Entry | undefined {
  const [steps, index, field, ...rest] = path;
  if (steps !== 'steps' || entry.value.kind !== 'list') return entry.value;
  const step = entry.value.items[index as number];
  if (step === undefined || !isMap(step)) return step;
  const inner = firstOf(step, field === 'run' ? runKinds : [String(field)]);
  if (inner === undefined) return step;
  return field === 'run' ? stepOf(inner, rest) : descend(inner.value, rest);
}

/** As far as the path leads. */
function descend(node: Node, path: Finding['path']): Node {
  let at = node;
  for (const part of path) {
    const inner =
      at.kind === 'list'
        ? at.items[Number(part)]
        : at.kind === 'map'
          ? entryOf(at, String(part))?.value
          : undefined;
    if (inner === undefined) return at;
    at = inner;
  }
  return at;
}
