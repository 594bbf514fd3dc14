import { invariant } from '../core/invariant.ts';
import type { Item, Key, Page, Range, Table } from '../ports/table.ts';
import type { PartRows } from './archive-part.ts';
import { sortKeys } from './items.ts';

/** Under which a mixed pack's reports of one run lie among its own items: behind them. */
export const archivedSort = (sort: string): string =>
  sort.startsWith(sortKeys.mixedPack) ? `~${sort}` : sort;

const unchanging = async (): Promise<never> => {
  invariant(false, 'an archived run is only read');
};

/** What the table held of a run when it was archived, as if it still lay there. */
export function archivedTable(rows: readonly PartRows[]): Table {
  const get = async ({ partition, sort }: Key): Promise<Item | undefined> => {
    const name = archivedSort(sort);
    const some = rows.findLast(({ from }) => from <= name);
    const found = (await some?.items())?.get(name);
    return found && { ...found, partition, sort };
  };
  return {
    get,
    getMany: (keys) => Promise.all(keys.map(get)),
    query: (range) => query(rows, range),
    put: unchanging,
    putMany: unchanging,
    remove: unchanging,
    index: unchanging,
  };
}

async function query(rows: readonly PartRows[], range: Range): Promise<Page> {
  const { partition, from = '', to = '~', reverse = false, limit } = range;
  const found: Item[] = [];
  for (const [n, some] of rows.entries()) {
    const end = rows[n + 1]?.from;
    if (some.from >= to || (end !== undefined && end <= from)) continue;
    for (const item of (await some.items()).values())
      if (isIn(item.sort, range)) found.push({ ...item, partition });
  }
  if (reverse) found.reverse();
  const items = found.slice(0, limit);
  return { items, next: items.length < found.length ? items.at(-1)?.sort : undefined };
}

function isIn(sort: string, { from = '', to = '~', after, reverse }: Range): boolean {
  if (sort < from || sort >= to) return false;
  if (after === undefined) return true;
  return reverse ? sort < after : sort > after;
}
