import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Range } from '../../ports/table.ts';
import type { Span } from './entries.ts';
import { asColumns, type Columns } from './row.ts';

/** A page ends when it holds so much, whatever its limit. */
const PAGE_ITEMS_MAX = 1000;
const PAGE_CHARACTERS_MAX = 4 * 1024 * 1024;

/** Reads pages of rows in the order of one text column, which is that of its UTF-8 bytes. */
export class RangeScan {
  readonly #forward: StatementSync;
  readonly #backward: StatementSync;

  constructor(db: DatabaseSync, source: string, column: string, columns: string) {
    const statement = (order: string, where: string) =>
      asColumns(
        db.prepare(
          `SELECT ${columns} FROM ${source} WHERE ${where} ORDER BY ${column} ${order} LIMIT ?4`,
        ),
      );
    this.#forward = statement(
      'ASC',
      `${column} >= max(?1, ifnull(?3 || char(0), ?1)) AND ${column} < ?2`,
    );
    this.#backward = statement('DESC', `${column} >= ?1 AND ${column} < min(?2, ifnull(?3, ?2))`);
  }

  /** `after`: the last text of the page before. `more` says that the span holds rows beyond those of this page. */
  read(
    { limit = PAGE_ITEMS_MAX, reverse = false }: Range,
    span: Span,
    after: string | undefined,
  ): { readonly rows: readonly Columns[]; readonly more: boolean } {
    const most = Math.max(1, Math.min(limit, PAGE_ITEMS_MAX));
    const statement = reverse ? this.#backward : this.#forward;
    const rows: Columns[] = [];
    let characters = 0;
    for (const next of statement.iterate(span.from, span.to, after ?? null, most + 1)) {
      const row = next as unknown as Columns;
      if (rows.length === most || characters > PAGE_CHARACTERS_MAX) return { rows, more: true };
      rows.push(row);
      characters += lengthOf(row[5]) + lengthOf(row[6]);
    }
    return { rows, more: false };
  }
}

/** Of a damaged row, anything may come. */
const lengthOf = (value: { readonly length?: number } | null): number => value?.length ?? 0;
