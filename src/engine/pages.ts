import type { IndexName, Item, Range, Table } from '../ports/table.ts';

const pageMax = 200;

/** All items of a range, a page at a time; of the table itself, or of one of its indexes. */
export async function* pagesOf(
  table: Pick<Table, 'query' | 'index'>,
  range: Range,
  index?: IndexName,
): AsyncGenerator<readonly Item[]> {
  let after: string | undefined;
  do {
    const asked = { limit: pageMax, ...range, ...(after !== undefined && { after }) };
    const page = index === undefined ? await table.query(asked) : await table.index(index, asked);
    yield page.items;
    after = page.next;
  } while (after !== undefined);
}
