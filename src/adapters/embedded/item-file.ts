import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  type Condition,
  type IndexName,
  type Item,
  indexNames,
  type Page,
  type PutResult,
  type Range,
} from '../../ports/table.ts';
import { type DamageList, damageProblem } from './damage.ts';
import { entrySpan, fromCursor, type Place, toCursor } from './entries.ts';
import { IndexScan, RangeScan } from './range-scan.ts';
import {
  asColumns,
  type Columns,
  columns,
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

/** Indexes are written anew only where their column is set. Of all of them, items move in this one. */
const moving = 'active' satisfies IndexName;
const others = indexNames.filter((name) => name !== moving);
const placeOfIndex = (name: IndexName): number => columns.indexOf(name) + 1;

/** Items in the file: every method is one step inside a transaction of the caller's, or a read. */
export class ItemFile {
  readonly #file: string;
  readonly #damage: DamageList;
  readonly #insert: StatementSync;
  readonly #replaceHere: StatementSync;
  readonly #replaceMoved: StatementSync;
  readonly #replace: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: StatementSync;
  readonly #expired: StatementSync;
  readonly #items: RangeScan;
  readonly #indexes: { readonly [name in IndexName]: IndexScan };

  constructor(db: DatabaseSync, file: string, damage: DamageList) {
    this.#file = file;
    this.#damage = damage;
    this.#insert = db.prepare(
      `INSERT INTO item(${columns}) VALUES(${columns.map(() => '?')}) ON CONFLICT DO NOTHING`,
    );
    const replace = (names: readonly IndexName[], where: string): StatementSync => {
      const set = ['version', 'expires', 'sum', 'data', 'bytes'].map(
        (name, i) => `${name}=?${i + 2}`,
      );
      for (const name of names) set.push(`${name}=?${placeOfIndex(name)}`);
      return db.prepare(`UPDATE item SET ${set} WHERE k=?1${where}`);
    };
    const still = (names: readonly IndexName[]): string =>
      names.map((name) => ` AND ${name} IS ?${placeOfIndex(name)}`).join('');
    const version = ` AND version=?${columns.length + 1}`;
    this.#replaceHere = replace([], version + still(indexNames));
    this.#replaceMoved = replace([moving], version + still(others));
    this.#replace = replace(indexNames, '');
    this.#select = asColumns(db.prepare(`SELECT ${readColumns} FROM item WHERE k=?`));
    this.#delete = db.prepare('DELETE FROM item WHERE k=?');
    this.#expired = asColumns(
      db.prepare('SELECT k FROM item WHERE expires<=? ORDER BY expires LIMIT ?'),
    );
    this.#items = new RangeScan(db);
    this.#indexes = {
      active: new IndexScan(db, 'active'),
      recent: new IndexScan(db, 'recent'),
      workflow: new IndexScan(db, 'workflow'),
    };
  }

  /** Undefined when nothing lies there. Throws `data-damaged` when it is not what was written. */
  get(k: string): Item | undefined {
    const columns = this.#select.get(k) as Columns | undefined;
    return columns && this.#whole(columns);
  }

  put(row: Row, condition: Condition): PutResult {
    if (typeof condition === 'object') return this.#change(row, condition.version);
    if (this.#insert.run(...valuesOf(row)).changes === 1) return inserted;
    if (condition === 'absent') return { done: false, found: this.get(row.k) };
    this.#replace.run(...valuesOf(row));
    return done;
  }

  remove(k: string, condition: Condition): PutResult {
    if (condition !== 'any') {
      const found = this.get(k);
      const met = condition === 'absent' ? !found : found?.version === condition.version;
      if (!met) return { done: false, found };
    }
    this.#delete.run(k);
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
    const { partition, after } = range;
    const last = after === undefined ? undefined : fromCursor(partition, after);
    const { rows, more } = this.#indexes[name].read(range, entrySpan(range), last);
    return { items: this.#readable(rows), next: more ? toCursor(placeIn(name, rows)) : undefined };
  }

  /** Removes up to `limit` items that have expired; says how many. Believes the item itself, not the index alone. */
  purge(now: number, limit: number): number {
    const rows = this.#expired.all(now, limit) as unknown as [string][];
    const expired = rows.filter(([k]) => this.#hasExpired(k, now));
    for (const [k] of expired) this.#delete.run(k);
    return expired.length;
  }

  #hasExpired(k: string, now: number): boolean {
    const columns = this.#select.get(k) as Columns | undefined;
    const [item] = columns === undefined ? [] : this.#readable([columns]);
    return item?.expiresAt !== undefined && item.expiresAt <= now;
  }

  #change(row: Row, version: number): PutResult {
    if (this.#replaceKnown(row, version)) return done;
    const found = this.get(row.k);
    if (found?.version !== version) return { done: false, found };
    this.#replace.run(...valuesOf(row));
    return done;
  }

  /** The usual ways first, in one statement each. False: it is another version, or moved in another way. */
  #replaceKnown(row: Row, version: number): boolean {
    const values = [...valuesOf(row), version];
    const isIndexed = row.entries.some((entry) => entry !== null);
    const left = isIndexed && row.entries[indexNames.indexOf(moving)] === null;
    if (!left && this.#replaceHere.run(...values).changes === 1) return true;
    return isIndexed && this.#replaceMoved.run(...values).changes === 1;
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

  #report(k: string) {
    const damage = { file: this.#file, place: placeOf(k), reason: 'its checksum does not fit' };
    this.#damage.add(damage);
    return damage;
  }
}

const valuesOf = ({ k, version, expires, sum, data, bytes, entries }: Row) =>
  [k, version, expires, sum, data, bytes, ...entries] as const;

function placeIn(name: IndexName, rows: readonly Columns[]): Place {
  const last = rows.at(-1) as Columns;
  return [last[columns.indexOf(name)] as string, last[0]];
}
