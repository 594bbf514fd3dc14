import { type Decision, newDecision } from '../core/decision.ts';
import { begin } from '../core/fold.ts';
import { graphOf } from '../core/graph.ts';
import { grow, type Progress } from '../core/progress.ts';
import type { Item } from '../ports/table.ts';
import { fromData, type Meta } from './items.ts';
import { headOf } from './load-run.ts';
import type { LoadedRun } from './loaded-run.ts';
import type { Spec } from './specs.ts';

/** A run that just began: to send from, never to be folded, as others share its progress. */
export interface Begun {
  readonly run: LoadedRun;
  readonly decision: Decision;
}

interface Untouched {
  readonly chunkSize: number;
  readonly progress: Progress;
  /** Undefined when beginning does more than to send. */
  readonly decision: Decision | undefined;
}

/** All small runs of a workflow begin alike: that is decided once. */
const bySpec = new WeakMap<Spec, Untouched>();

/** Undefined when nothing is gained: then it is to be loaded, and begun like any other. */
export function beginUntouched(spec: Spec, item: Item): Begun | undefined {
  const meta = fromData<Meta>(item.data);
  if (item.version !== 1 || meta.state !== 'running' || !meta.small || !('value' in meta.input))
    return undefined;
  const { progress, decision } = untouched(spec, meta);
  if (decision === undefined) return undefined;
  const { workflow, dag } = spec;
  const input = meta.input.value as LoadedRun['input'];
  return { run: { meta, metaVersion: item.version, workflow, dag, progress, input }, decision };
}

function untouched(spec: Spec, meta: Meta): Untouched {
  const known = bySpec.get(spec);
  if (known?.chunkSize === meta.chunkSize) return known;
  const { chunkSize } = meta;
  const progress = { head: headOf(meta), graph: graphOf(spec.dag), chunks: [], chunkSize };
  grow(progress);
  const made = { chunkSize, progress, decision: sendsOnly(progress) };
  bySpec.set(spec, made);
  return made;
}

function sendsOnly(progress: Progress): Decision | undefined {
  const decision = begin(progress);
  const { sends, generation } = decision;
  const changed = progress.head.dirty || progress.chunks.some(({ dirty }) => dirty);
  const more = decision.end !== undefined || decision.expands.size > 0 || decision.unfinished;
  return changed || more ? undefined : { ...newDecision(), sends, generation };
}
