import type { RunSummary } from '../contract/api.ts';
import { invariant } from '../core/invariant.ts';
import type { Item } from '../ports/table.ts';
import type { Decider } from './advance.ts';
import { partsWith } from './archive-list.ts';
import { createParts, type Parts } from './archive-part.ts';
import { archivedTable } from './archived-table.ts';
import { fromData, type Meta, metaKey } from './items.ts';
import { loadRun } from './load-run.ts';
import type { LoadedRun } from './loaded-run.ts';
import { createOutputs } from './outputs.ts';
import type { Specs } from './specs.ts';

/** A run, and a decider by which all that is kept of it can be read as if it were in the table. */
export interface ReadableRun {
  readonly decider: Decider;
  readonly run: LoadedRun;
}

/** Runs that left the table. To look one up takes a read or two of the table and one of the blobs. */
export interface Archive {
  readonly parts: Parts;
  /** Undefined when there is no such run in the archive. */
  open(id: string): Promise<ReadableRun | undefined>;
  /** Its META item, as it was. */
  meta(id: string): Promise<Item | undefined>;
}

export function createArchive(decider: Decider, specs: Specs): Archive {
  const { ports, settings } = decider;
  const parts = createParts(ports.blobs);
  const tableOf = async (id: string) => {
    const place = await placeOf(decider, parts, id);
    if (place === undefined) return undefined;
    return { part: place.part, table: archivedTable(await parts.rows(place.part, place.head)) };
  };
  return {
    parts,
    async meta(id) {
      return (await tableOf(id))?.table.get(metaKey(settings.namespace, id));
    },
    async open(id) {
      const found = await tableOf(id);
      if (found === undefined) return undefined;
      const archived = { ...ports, table: found.table };
      // Nobody changes it.
      const alone = { ...settings, soleDecider: true };
      const outputs = createOutputs(archived, alone);
      const run = await loadRun(archived, alone, specs, id);
      invariant(run, `the archived run ${id} has its META`);
      run.meta = { ...run.meta, archived: found.part };
      return { decider: { ...decider, ports: archived, settings: alone, outputs }, run };
    },
  };
}

async function placeOf(
  decider: Decider,
  parts: Parts,
  id: string,
): Promise<{ readonly part: string; readonly head: number } | undefined> {
  for await (const { hash, losers } of partsOf(decider, id)) {
    const heads: readonly RunSummary[] = await parts.heads(hash);
    const head = heads.findIndex((one) => one.id === id);
    if (head >= 0 && !losers.includes(head)) return { part: hash, head };
  }
  return undefined;
}

/** While its META is there that says where the run is, also before the part is listed. */
async function* partsOf({ ports, settings }: Decider, id: string): ReturnType<typeof partsWith> {
  const meta = await ports.table.get(metaKey(settings.namespace, id));
  const hash = meta && fromData<Meta>(meta.data).archived;
  if (hash !== undefined) yield { hash, losers: [] };
  else yield* partsWith(ports, settings, id);
}
