import type { SpawnRequest } from '../contract/execution.ts';
import { spawnPut } from '../engine/expand.ts';
import { asData, jsonBytes } from '../engine/items.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { Ports } from '../ports/ports.ts';
import type { Held } from './held.ts';
import { insist } from './insist.ts';

/** Of requests in one item, JSON bytes; a larger single one has an item of its own. */
const partBytesMax = 200 * 1024;
/** Beyond it a request fits into no item. */
export const requestBytesMax = 300 * 1024;

/**
 * Writes sub-tasks that an attempt asks for, in parts that fit into items, each until it is durable. One that fits into
 * none is not written, and noted: its attempt fails.
 */
export async function writeSpawns(
  ports: Pick<Ports, 'table' | 'clock'>,
  settings: EngineSettings,
  held: Held,
  requests: readonly SpawnRequest[],
): Promise<void> {
  const at = ports.clock.now();
  for (const part of partsOf(held, requests)) {
    const made = { kind: 'tasks', requests: part } as const;
    const spawn = { parent: held.task, attempt: held.attempt, at, made };
    const put = spawnPut(settings, held.run, spawn, held.spawned.length);
    // One that is there already is an own write that landed.
    await insist(ports, () => ports.table.put(put.item, put.condition));
    held.spawned = [...held.spawned, put.item.sort];
  }
}

function partsOf(held: Held, requests: readonly SpawnRequest[]): SpawnRequest[][] {
  const parts: SpawnRequest[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const request of requests) {
    const size = jsonBytes(asData(request));
    if (size > requestBytesMax) {
      held.notSpawned ??= `sub-task ${request.key} was asked for with ${size} bytes; ${requestBytesMax} are the most`;
      continue;
    }
    if (bytes + size > partBytesMax) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(request);
    bytes += size;
  }
  return parts;
}
