import type { Spawn } from '../contract/happening.ts';
import type { Json } from '../contract/json.ts';
import { levelsLeft } from '../core/graph.ts';
import { resolve } from '../core/reference.ts';
import type { Ports } from '../ports/ports.ts';
import type { Put } from '../ports/table.ts';
import { storeValue } from './blobs.ts';
import { asData, runPartition, spawnSort } from './items.ts';
import type { LoadedRun } from './loaded-run.ts';
import { type Outputs, scopeOf } from './outputs.ts';
import type { EngineSettings } from './settings.ts';

/** Elements beyond this many bytes lie in a blob. */
const itemsBytesMax = 200 * 1024;

/** The happening by which a map becomes its sub-tasks. The same map gives the same item, however often it is computed. */
export async function expandMap(
  ports: Pick<Ports, 'blobs'>,
  settings: EngineSettings,
  outputs: Outputs,
  run: LoadedRun,
  task: number,
  attempt: number,
  now: number,
): Promise<Put> {
  const template = levelsLeft(run.progress.graph, task)[0] as Json;
  const resolved = resolve(template, await scopeOf(outputs, run, task, template));
  const made = await madeOf(ports, resolved);
  return spawnPut(settings, run.meta.id, { parent: task, attempt, at: now, made });
}

async function madeOf(
  ports: Pick<Ports, 'blobs'>,
  resolved: ReturnType<typeof resolve>,
): Promise<Spawn['made']> {
  if (resolved.kind === 'error') return { kind: 'impossible', message: resolved.message };
  const items = resolved.value;
  if (!Array.isArray(items))
    return { kind: 'impossible', message: `each wants a list, and got ${describe(items)}` };
  const stored = await storeValue(ports.blobs, items, itemsBytesMax);
  return 'value' in stored
    ? { kind: 'map', items }
    : { kind: 'map', blob: stored.blob, count: items.length };
}

const describe = (value: Json): string => {
  if (value === null) return 'null';
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
};

export function spawnPut(settings: EngineSettings, run: string, spawn: Spawn, part = 0): Put {
  return {
    item: {
      partition: runPartition(settings.namespace, run),
      sort: spawnSort(spawn.parent, spawn.attempt, part),
      version: 1,
      data: asData(spawn),
    },
    condition: 'absent',
  };
}
