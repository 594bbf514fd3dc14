import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { IndexName, Range } from '../../ports/table.ts';
import type { Place, Span } from './entries.ts';
import { asColumns, type Columns, readColumns } from './row.ts';

/** A page ends when it holds so much, whatever its limit. */
const PAGE_ITEMS_MAX = 1000;
const PAGE_CHARACTERS_MAX = 4 * 1024 * 1024;

/** `more`: the span holds rows beyond those of this page. */
export interface Rows {
  readonly rows: readonly Columns[];
  readonly more: boolean;
}

/** Reads pages of items in the order of their keys, which is that of their UTF-8 bytes. */
export class RangeScan {
  readonly #forward: StatementSync;
  readonly #backward: StatementSync;

  constructor(db: DatabaseSync) {
    this.#forward = select(db, 'k >= max(?1, ifnull(?3 || char(0), ?1)) AND k < ?2 ORDER BY k');
    this.#backward = select(db, 'k >= ?1 AND k < min(?2, ifnull(?3, ?2)) ORDER BY k DESC');
  }

  /** `after`: the last key of the page before. */
  read({ limit, reverse }: Range, { from, to }: Span, after: string | undefined): Rows {
    const most = mostOf(limit);
    const statement = reverse ? this.#backward : this.#forward;
    return pageOf(statement.iterate(from, to, after ?? null, most + 1), most);
  }
}

/** Reads pages of the items in an index, in its order. */
export class IndexScan {
  readonly #forward: StatementSync;
  readonly #backward: StatementSync;

  constructor(db: DatabaseSync, name: IndexName) {
    const by = `INDEXED BY item_${name} WHERE`;
    this.#forward = select(
      db,
      `${name} >= max(?1, ?3) AND ${name} < ?2 AND (${name}, k) > (?3, ?4) ORDER BY ${name}, k`,
      by,
    );
    this.#backward = select(
      db,
      `${name} >= ?1 AND ${name} <= min(?2, ?3) AND (${name}, k) < (min(?2, ?3), iif(?3 < ?2, ?4, ''))
       ORDER BY ${name} DESC, k DESC`,
      by,
    );
  }

  /** `after`: the last place of the page before. */
  read({ limit, reverse }: Range, { from, to }: Span, after: Place | undefined): Rows {
    const most = mostOf(limit);
    const [entry, k] = after ?? (reverse ? [to, ''] : ['', '']);
    const statement = reverse ? this.#backward : this.#forward;
    return pageOf(statement.iterate(from, to, entry, k, most + 1), most);
  }
}

const select = (db: DatabaseSync, what: string, by = 'WHERE'): StatementSync =>
  asColumns(db.prepare(`SELECT ${readColumns} FROM item ${by} ${what} LIMIT ?`));

const mostOf = (limit = PAGE_ITEMS_MAX): number => Math.max(1, Math.min(limit, PAGE_ITEMS_MAX));

function pageOf(found: Iterable<unknown>, most: number): Rows {
  const rows: Columns[] = [];
  let characters = 0;
  for (const next of found) {
    const row = next as Columns;
    if (rows.length === most || characters > PAGE_CHARACTERS_MAX) return { rows, more: true };
    rows.push(row);
    characters += lengthOf(row[4]) + lengthOf(row[5]);
  }
  return { rows, more: false };
}

/** Of a damaged row, anything may come. */
const lengthOf = (value: { readonly length?: number } | null): number => value?.length ?? 0;
