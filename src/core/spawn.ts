import type { Spawn } from '../contract/happening.ts';
import type { Decision } from './decision.ts';
import { extend, isLive, type Segment } from './graph.ts';
import {
  grow,
  isCurrent,
  type Progress,
  refuse,
  setCode,
  setSource,
  setTries,
  sourceOf,
  triesOf,
} from './progress.ts';
import { endTask, start } from './settle.ts';
import { codes } from './status.ts';

/** Sub-tasks that the current attempt asked for, or a map's elements; those of any other attempt are refused. */
export function foldSpawn(progress: Progress, id: string, spawn: Spawn, decision: Decision): void {
  const { graph } = progress;
  const { parent, attempt } = spawn;
  const known = graph.byId.get(id);
  const current = isCurrent(progress, parent, attempt);
  if (known === undefined && !current) refuseSpawn(progress, id, spawn);
  else if (known === undefined || isLive(graph, known)) {
    const segment = known ?? add(progress, id, spawn);
    if (current) settleParent(progress, id, spawn, decision);
    else noteParent(progress, segment, decision);
    startChildren(progress, segment, decision);
  }
}

/** Another decider may have accepted it when that attempt was current: then the head can't be saved. */
function refuseSpawn(progress: Progress, id: string, { parent, attempt }: Spawn): void {
  if (refuse(progress, parent, attempt, id)) progress.head.dirty = true;
}

function add(progress: Progress, id: string, spawn: Spawn): Segment {
  const segment = extend(progress.graph, id, spawn);
  progress.head.dirty = true;
  grow(progress);
  return segment;
}

/** A map's own work is done with its expansion; what can't be started fails. */
function settleParent(progress: Progress, id: string, spawn: Spawn, decision: Decision): void {
  const { parent, made } = spawn;
  if (made.kind === 'tasks') return;
  setSource(progress, parent, id);
  if (made.kind === 'impossible') {
    setTries(progress, parent, { ...triesOf(progress, parent), bad: true });
    endTask(progress, parent, codes.failed, decision);
  } else {
    setCode(progress, parent, codes.awaiting);
    decision.parents.add(parent);
  }
}

/** Folded before: what follows from the parent's end is said again if this led to it. */
function noteParent(progress: Progress, { id, parent }: Segment, decision: Decision): void {
  if (sourceOf(progress, parent) !== id) return;
  decision.parents.add(parent);
  decision.replayed.push(parent);
}

function startChildren(progress: Progress, segment: Segment, decision: Decision): void {
  for (let task = segment.base; task < segment.base + segment.count; task++)
    start(progress, task, decision);
}
