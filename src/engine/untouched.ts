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

/** A run of which META alone is stored, as it was submitted; undefined when it is not that, or more has to be read. */
export function loadUntouched(spec: Spec, item: Item): LoadedRun | undefined {
  const meta = fromData<Meta>(item.data);
  if (!isUntouched(item, meta)) return undefined;
  return runWith(spec, item, meta, newProgress(spec, meta));
}

/** Undefined when nothing is gained: then it is to be loaded, and begun like any other. */
export function beginUntouched(spec: Spec, item: Item): Begun | undefined {
  const meta = fromData<Meta>(item.data);
  if (!isUntouched(item, meta)) return undefined;
  const { progress, decision } = untouched(spec, meta);
  return decision && { run: runWith(spec, item, meta, progress), decision };
}

const isUntouched = ({ version }: Item, { state, small, input }: Meta): boolean =>
  version === 1 && state === 'running' && small && 'value' in input;

function runWith({ workflow, dag }: Spec, item: Item, meta: Meta, progress: Progress): LoadedRun {
  const input = ('value' in meta.input ? meta.input.value : {}) as LoadedRun['input'];
  return { meta, metaVersion: item.version, workflow, dag, progress, input };
}

function newProgress({ dag }: Spec, meta: Meta): Progress {
  const { chunkSize } = meta;
  const progress = { head: headOf(meta), graph: graphOf(dag), chunks: [], chunkSize };
  grow(progress);
  return progress;
}

function untouched(spec: Spec, meta: Meta): Untouched {
  const known = bySpec.get(spec);
  if (known?.chunkSize === meta.chunkSize) return known;
  const { chunkSize } = meta;
  const progress = newProgress(spec, meta);
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
