import type { Json } from '../contract/json.ts';
import type { LimitBounds } from '../contract/limits.ts';
import type { Task } from '../contract/workflow.ts';
import { ancestorOf, definitionOf } from '../core/graph.ts';
import { type Place, placesOf } from '../core/limits.ts';
import { resolve } from '../core/reference.ts';
import type { Ports } from '../ports/ports.ts';
import { fromData } from './items.ts';
import { boundsKey } from './limit-items.ts';
import type { LoadedRun } from './loaded-run.ts';
import { type Outputs, scopeOf } from './outputs.ts';
import type { EngineSettings } from './settings.ts';

export type Needed =
  | { readonly kind: 'ok'; readonly places: readonly Place[] }
  | { readonly kind: 'error'; readonly message: string };

/** What was set of shared limits, each read once. */
export type SharedBounds = (limit: string) => Promise<LimitBounds | undefined>;

export function sharedBounds(
  { table }: Pick<Ports, 'table'>,
  { namespace }: EngineSettings,
): SharedBounds {
  const known = new Map<string, Promise<LimitBounds | undefined>>();
  return (limit) => {
    let bounds = known.get(limit);
    if (bounds === undefined) {
      bounds = table
        .get(boundsKey(namespace, limit))
        .then((item) => item && fromData<LimitBounds>(item.data));
      known.set(limit, bounds);
    }
    return bounds;
  };
}

/** Every place that a task's attempt needs something of, in the order in which they are asked. */
export async function neededPlaces(
  outputs: Outputs,
  shared: SharedBounds,
  run: LoadedRun,
  task: number,
): Promise<Needed> {
  const { graph } = run.progress;
  const limits = definitionOf(graph, task).limitedBy ?? [];
  const template = limits.map(({ key }): Json => key ?? null);
  const resolved = resolve(template, await scopeOf(outputs, run, task, template));
  if (resolved.kind === 'error')
    return { kind: 'error', message: `a limit's key: ${resolved.message}` };
  const keys = resolved.value as readonly Json[];
  const bounded = [];
  for (const [i, limit] of limits.entries()) {
    const bounds = limit.shared ? await shared(limit.name as string) : limit;
    if (bounds === undefined) return { kind: 'error', message: missing(limit.name as string) };
    const key = limit.key === undefined ? undefined : textOf(keys[i] as Json);
    bounded.push({ limit, bounds, key });
  }
  const own = graph.dag.tasks[ancestorOf(graph, task)] as Task;
  return { kind: 'ok', places: placesOf(run.meta.workflow, own.id, bounded) };
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

const missing = (limit: string): string =>
  `there is no shared limit "${limit}": set it by PUT /v1/limits/${limit}`;
