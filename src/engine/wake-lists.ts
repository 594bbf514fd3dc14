import { isEnded } from '../contract/state.ts';
import type { Item, Put } from '../ports/table.ts';
import type { Decider } from './advance.ts';
import {
  allShards,
  asData,
  fromData,
  type Meta,
  metaKey,
  sortable,
  type WakeList,
  wakeListKey,
  wakeListPartition,
} from './items.ts';
import { pagesOf } from './pages.ts';
import type { EngineSettings } from './settings.ts';

const runsMax = 1_000;
/** Runs that are not there after so long never will be: whoever submitted them died before it stored them. */
const missingMsMax = 24 * 3_600_000;

/** Whether a run that is not in the index is to be found in a list. */
export const isUnlisted = ({ state, wakeAt }: Meta): boolean =>
  !isEnded(state) && wakeAt === undefined;

/** The lists of runs that are submitted together. To be durable before the runs are. `nextId`: a name for each list. */
export function wakeListPuts(
  settings: EngineSettings,
  now: number,
  runs: readonly string[],
  nextId: () => string,
): readonly Put[] {
  const puts: Put[] = [];
  for (let at = 0; at < runs.length; at += runsMax) {
    const list = { runs: runs.slice(at, at + runsMax), delayMs: settings.wakeMs };
    puts.push(putOf(settings, now, list, nextId()));
  }
  return puts;
}

function putOf(settings: EngineSettings, now: number, list: WakeList, id: string): Put {
  const key = wakeListKey(settings, id, now + list.delayMs);
  return { item: { ...key, version: 1, data: asData(list) }, condition: 'absent' };
}

/**
 * Has runs visited whose list is due, if they have not ended; a visit puts them into the index. Then the list goes. What is
 * left of it, runs that are not there yet and those that their visit could not list, is looked at again later. `visit`
 * answers with those that it could not list. `all`: lists that are not due as well.
 */
export async function sweepWakeLists(
  decider: Decider,
  all: boolean,
  visit: (runs: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<void> {
  const { ports, settings } = decider;
  const to = all ? undefined : sortable(ports.clock.now(), '~');
  const seen = new Set<string>();
  for (const shard of allShards(settings)) {
    const partition = wakeListPartition(settings.namespace, shard);
    for await (const items of pagesOf(ports.table, { partition, ...(to && { to }) }))
      for (const item of items) {
        // One that was put off is no list of this walk.
        if (!seen.has(item.sort)) seen.add(await sweepList(decider, item, visit));
      }
  }
}

/** Answers with the sort key of what is left; empty when nothing is. */
async function sweepList(
  { ports, settings }: Decider,
  item: Item,
  visit: (runs: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<string> {
  const { runs, delayMs } = fromData<WakeList>(item.data);
  const items = await ports.table.getMany(runs.map((run) => metaKey(settings.namespace, run)));
  const open = runs.filter((_, i) => items[i] && isUnlisted(fromData<Meta>(items[i].data)));
  const stuck = open.length > 0 ? await visit(open) : new Set<string>();
  const missing = runs.filter((_, i) => items[i] === undefined && delayMs < missingMsMax);
  const left = [...missing, ...open.filter((run) => stuck.has(run))];
  let next = '';
  if (left.length > 0) {
    const list = { runs: left, delayMs: 2 * delayMs };
    const put = putOf(settings, ports.clock.now(), list, ports.ids.next());
    await ports.table.put(put.item, put.condition);
    next = put.item.sort;
  }
  await ports.table.remove(item, { version: item.version });
  return next;
}
