import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Condition, IndexName, Item, Page, PutResult, Range } from '../../ports/table.ts';
import { type DamageList, damageProblem } from './damage.ts';
import { entriesOf, entryPrefix, entrySpan, fromCursor, toCursor } from './entries.ts';
import { RangeScan } from './range-scan.ts';
import {
  asColumns,
  type Columns,
  columnList,
  fileKey,
  fromColumns,
  keyOf,
  placeOf,
  type Row,
  readColumns,
} from './row.ts';

const done: PutResult = Object.freeze({ done: true });
/** What `ItemFile.put` answers when nothing lay there: as `done` to callers, and another object to the feed. */
export const inserted: PutResult = Object.freeze({ done: true });

interface Found {
  /** Undefined: what lies there is damaged. */
  readonly item: Item | undefined;
  readonly entries: readonly string[];
}

/** Items in the file: every method is one step inside a transaction of the caller's, or a read. */
export class ItemFile {
  readonly #file: string;
  readonly #damage: DamageList;
  readonly #insert: StatementSync;
  readonly #replaceQuick: StatementSync;
  readonly #replace: StatementSync;
  readonly #select: StatementSync;
  readonly #selectIndexes: StatementSync;
  readonly #delete: StatementSync;
  readonly #addEntry: StatementSync;
  readonly #dropEntry: StatementSync;
  readonly #dropEntriesOf: StatementSync;
  readonly #expired: StatementSync;
  readonly #items: RangeScan;
  readonly #indexes: RangeScan;

  constructor(db: DatabaseSync, file: string, damage: DamageList) {
    this.#file = file;
    this.#damage = damage;
    this.#insert = db.prepare(
      `INSERT INTO item(${columnList}) VALUES(?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
    );
    this.#replaceQuick = db.prepare(
      `UPDATE item SET version=?1, expires=?2, sum=?3, data=?5, bytes=?6
       WHERE k=?7 AND version=?8 AND idx IS ?4`,
    );
    this.#replace = db.prepare(
      'UPDATE item SET version=?1, expires=?2, sum=?3, idx=?4, data=?5, bytes=?6 WHERE k=?7',
    );
    this.#select = asColumns(db.prepare(`SELECT ${readColumns} FROM item WHERE k=?`));
    this.#selectIndexes = asColumns(
      db.prepare('SELECT CAST(version AS REAL), idx FROM item WHERE k=?'),
    );
    this.#delete = db.prepare('DELETE FROM item WHERE k=?');
    this.#addEntry = db.prepare('INSERT INTO entry(e, k) VALUES(?,?) ON CONFLICT DO NOTHING');
    this.#dropEntry = db.prepare('DELETE FROM entry WHERE e=?');
    this.#dropEntriesOf = db.prepare('DELETE FROM entry WHERE k=?');
    this.#expired = asColumns(
      db.prepare('SELECT k FROM item WHERE expires<=? ORDER BY expires LIMIT ?'),
    );
    this.#items = new RangeScan(db, 'item', 'k', readColumns);
    this.#indexes = new RangeScan(
      db,
      'entry CROSS JOIN item ON item.k = entry.k',
      'e',
      `${readColumns}, e`,
    );
  }

  /** Undefined when nothing lies there. Throws `data-damaged` when it is not what was written. */
  get(k: string): Item | undefined {
    const columns = this.#select.get(k) as Columns | undefined;
    return columns && this.#whole(columns);
  }

  put(row: Row, condition: Condition): PutResult {
    if (typeof condition === 'object') return this.#change(row, condition.version);
    if (this.#tryInsert(row)) return inserted;
    if (condition === 'absent') return { done: false, found: this.get(row.k) };
    this.#overwrite(row, this.#find(row.k)?.entries);
    return done;
  }

  remove(k: string, condition: Condition): PutResult {
    if (condition !== 'any') {
      const found = this.get(k);
      const met = condition === 'absent' ? !found : found?.version === condition.version;
      if (!met) return { done: false, found };
    }
    this.#erase(k);
    return done;
  }

  query(range: Range): Page {
    const { partition, from = '', to, after } = range;
    const span = {
      from: fileKey({ partition, sort: from }),
      to: to === undefined ? `${partition}\x01` : fileKey({ partition, sort: to }),
    };
    const last = after === undefined ? undefined : fileKey({ partition, sort: after });
    const { rows, more } = this.#items.read(range, span, last);
    const next = more ? keyOf((rows.at(-1) as Columns)[0]).sort : undefined;
    return { items: this.#readable(rows), next };
  }

  index(name: IndexName, range: Range): Page {
    const prefix = entryPrefix(name, range.partition);
    const last = range.after === undefined ? undefined : prefix + fromCursor(range.after);
    const { rows, more } = this.#indexes.read(range, entrySpan(name, range), last);
    const next = more ? toCursor(rows.at(-1)?.[7] as string, prefix) : undefined;
    const items = rows.flatMap((row) => this.#indexed(row));
    return { items, next };
  }

  /** Removes up to `limit` items that have expired; says how many. Believes the item itself, not the index alone. */
  purge(now: number, limit: number): number {
    const rows = this.#expired.all(now, limit) as unknown as [string][];
    const expired = rows.filter(([k]) => this.#hasExpired(k, now));
    for (const [k] of expired) this.#erase(k);
    return expired.length;
  }

  #hasExpired(k: string, now: number): boolean {
    const columns = this.#select.get(k) as Columns | undefined;
    const [item] = columns === undefined ? [] : this.#readable([columns]);
    return item?.expiresAt !== undefined && item.expiresAt <= now;
  }

  #change(row: Row, version: number): PutResult {
    const { k, expires, sum, idx, data, bytes } = row;
    const entries = idx === null ? undefined : this.#entriesAt(k, version);
    if (entries !== undefined) {
      this.#overwrite(row, entries);
      return done;
    }
    const quick = this.#replaceQuick.run(row.version, expires, sum, idx, data, bytes, k, version);
    if (quick.changes === 1) return done;
    const found = this.get(k);
    if (found?.version !== version) return { done: false, found };
    this.#overwrite(row, entriesOf(found.indexes, k));
    return done;
  }

  /** In which indexes the item of that version is; undefined when it is another one, or unreadable. */
  #entriesAt(k: string, version: number): readonly string[] | undefined {
    const found = this.#selectIndexes.get(k) as unknown as [number, string | null] | undefined;
    if (found?.[0] !== version) return undefined;
    try {
      return entriesOf(JSON.parse(found[1] ?? '{}'), k);
    } catch {
      return undefined;
    }
  }

  #tryInsert(row: Row): boolean {
    const { k, version, expires, sum, idx, data, bytes } = row;
    if (this.#insert.run(k, version, expires, sum, idx, data, bytes).changes === 0) return false;
    for (const entry of row.entries) this.#addEntry.run(entry, k);
    return true;
  }

  #overwrite(row: Row, entries: readonly string[] = []): void {
    const { k, version, expires, sum, idx, data, bytes } = row;
    this.#replace.run(version, expires, sum, idx, data, bytes, k);
    for (const entry of entries) if (!row.entries.includes(entry)) this.#dropEntry.run(entry);
    for (const entry of row.entries) if (!entries.includes(entry)) this.#addEntry.run(entry, k);
  }

  #erase(k: string): void {
    const found = this.#find(k);
    for (const entry of found?.entries ?? []) this.#dropEntry.run(entry);
    this.#delete.run(k);
  }

  /** Also of a damaged row, which may be overwritten or removed: its index entries are then looked for, and dropped. */
  #find(k: string): Found | undefined {
    const columns = this.#select.get(k) as Columns | undefined;
    if (columns === undefined) return undefined;
    const item = fromColumns(columns);
    if (item !== undefined) return { item, entries: entriesOf(item.indexes, k) };
    this.#dropEntriesOf.run(k);
    return { item, entries: [] };
  }

  #whole(columns: Columns): Item {
    const item = fromColumns(columns);
    if (item === undefined) throw damageProblem(this.#report(columns[0]));
    return item;
  }

  #readable(rows: readonly Columns[]): Item[] {
    return rows.flatMap((columns) => {
      const item = fromColumns(columns);
      if (item === undefined) this.#report(columns[0]);
      return item ?? [];
    });
  }

  /** An entry that the item does not speak of is damaged itself. */
  #indexed(row: Columns): Item[] {
    const item = fromColumns(row);
    const fits = item !== undefined && entriesOf(item.indexes, row[0]).includes(row[7] as string);
    if (!fits) this.#report(row[0]);
    return fits ? [item] : [];
  }

  #report(k: string) {
    const damage = { file: this.#file, place: placeOf(k), reason: 'its checksum does not fit' };
    this.#damage.add(damage);
    return damage;
  }
}
