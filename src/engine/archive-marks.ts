import { type Item, type Put, Unavailable } from '../ports/table.ts';
import type { Decider } from './advance.ts';
import { metaOf, ownItems } from './copy-run.ts';
import { asData, metaKey, sortKeys } from './items.ts';
import { activeEntry } from './save-run.ts';
import type { Retention } from './settings.ts';

const triesMax = 20;
const putsMax = 32;

/** From here on the run is archived; unless it was changed since it was read. Answers with what is there now. */
export function markArchived(
  { ports, runs }: Decider,
  { itemsMs }: Retention,
  meta: Item,
  part: string,
): Promise<Item> {
  const id = metaOf(meta).id;
  const item: Item = {
    ...meta,
    version: meta.version + 1,
    data: { ...meta.data, archived: part },
    expiresAt: ports.clock.now() + itemsMs,
  };
  return runs.alone(id, async () => {
    const result = await ports.table.put(item, { version: meta.version });
    runs.forget(id);
    return result.done ? item : (result.found ?? item);
  });
}

/** What lies with an archived run vanishes like its META. `known`: all of it, where that is at hand. */
export async function letGo(
  { ports: { table, clock } }: Decider,
  { itemsMs }: Retention,
  meta: Item,
  known: readonly Item[] | undefined,
): Promise<void> {
  const expiresAt = clock.now() + itemsMs;
  let puts: Put[] = [];
  for await (const item of known ?? ownItems({ table }, { partition: meta.partition })) {
    if (item.sort === sortKeys.meta || item.expiresAt !== undefined) continue;
    const next = { ...item, version: item.version + 1, expiresAt };
    // Refused: it was changed meanwhile, which is rare, and harms nobody.
    puts.push({ item: next, condition: { version: item.version } });
    if (puts.length < putsMax) continue;
    await table.putMany(puts);
    puts = [];
  }
  if (puts.length > 0) await table.putMany(puts);
  if (metaOf(meta).late === undefined) return;
  const { active: _active, ...indexes } = meta.indexes ?? {};
  const next = { ...meta, version: meta.version + 1, indexes };
  await table.put(next, { version: meta.version });
}

/** A run that cannot be archived in its turn is found by its end from now on. */
export async function setLate(decider: Decider, seen: Item): Promise<void> {
  if (metaOf(seen).late) return;
  const { id } = metaOf(seen);
  for (let tries = 0; tries < triesMax; tries++)
    if (await decider.runs.alone(id, () => trySetLate(decider, id))) return;
  throw new Unavailable(`run ${id}: still contended after ${triesMax} tries`);
}

async function trySetLate({ ports, runs, settings }: Decider, id: string): Promise<boolean> {
  const item = await ports.table.get(metaKey(settings.namespace, id));
  if (item === undefined || metaOf(item).archived || metaOf(item).late) return true;
  const meta = { ...metaOf(item), late: true as const };
  const active = activeEntry(settings, meta);
  const indexes = { ...item.indexes, ...(active && { active }) };
  const next = { ...item, version: item.version + 1, data: asData(meta), indexes };
  const { done } = await ports.table.put(next, { version: item.version });
  runs.forget(id);
  return done;
}
