import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { Problem } from '../../contract/problem.ts';
import type { Item } from '../../ports/table.ts';
import type { DamageList } from './damage.ts';
import { asColumns, fileKey } from './row.ts';

/** Inserted together, delivered before they are forgotten together. */
export interface FeedGroup {
  readonly seq: number;
  readonly items: readonly Item[];
  readonly unhurried?: boolean;
}

/** Something that was put where nothing lay. */
export interface Insert {
  readonly item: Item | undefined;
  readonly unhurried?: boolean | undefined;
}

/** What must be delivered again after a crash if one of them was not handled. */
const GROUP_MAX = 256;

export interface FeedFileParts {
  readonly db: DatabaseSync;
  readonly file: string;
  readonly prefixes: readonly string[];
  readonly damage: DamageList;
  /** Undefined when the item is gone; throws `data-damaged`. */
  readonly get: (k: string) => Item | undefined;
  /** Hears of groups once they are durable. */
  readonly onCommitted: (groups: readonly FeedGroup[]) => void;
}

/** Which inserts were not handled yet, by key: written in the transaction of the inserts. */
export class FeedFile {
  readonly #parts: FeedFileParts;
  readonly #insert: StatementSync;
  readonly #forget: StatementSync;
  readonly #load: StatementSync;
  #seq: number;
  #handled: number[] = [];
  #forgetting: number[] = [];

  constructor(parts: FeedFileParts) {
    this.#parts = parts;
    const { db } = parts;
    this.#insert = db.prepare('INSERT INTO feed(seq, keys, sum) VALUES(?,?,?)');
    this.#forget = db.prepare('DELETE FROM feed WHERE seq BETWEEN ? AND ?');
    this.#load = asColumns(
      db.prepare(
        'SELECT CAST(seq AS REAL), keys, CAST(sum AS REAL) FROM feed WHERE seq > ? ORDER BY seq LIMIT ?',
      ),
    );
    const last = db.prepare('SELECT CAST(max(seq) AS REAL) AS seq FROM feed').get();
    this.#seq = Number(last?.seq ?? 0);
  }

  get prefixes(): readonly string[] {
    return this.#parts.prefixes;
  }

  /** The group is forgotten with the next transaction. */
  handled(seq: number): void {
    this.#handled.push(seq);
  }

  get hasHandled(): boolean {
    return this.#handled.length > 0;
  }

  /** One step inside a transaction. */
  write(inserts: readonly Insert[]): readonly FeedGroup[] {
    this.#forgetHandled();
    const wanted: Item[] = [];
    let unhurried = true;
    for (const insert of inserts) {
      if (insert.item === undefined || !this.#isWanted(insert.item)) continue;
      wanted.push(insert.item);
      unhurried &&= insert.unhurried === true;
    }
    const groups: FeedGroup[] = [];
    for (let at = 0; at < wanted.length; at += GROUP_MAX) {
      const group = { seq: ++this.#seq, items: wanted.slice(at, at + GROUP_MAX), unhurried };
      const keys = JSON.stringify(group.items.map(fileKey));
      this.#insert.run(group.seq, keys, crc32(keys));
      groups.push(group);
    }
    return groups;
  }

  #isWanted({ sort }: Item): boolean {
    for (const prefix of this.#parts.prefixes) if (sort.startsWith(prefix)) return true;
    return false;
  }

  committed(groups: readonly FeedGroup[]): void {
    this.#forgetting = [];
    if (groups.length > 0) this.#parts.onCommitted(groups);
  }

  rolledBack(): void {
    this.#handled.push(...this.#forgetting);
    this.#forgetting = [];
  }

  /** Groups after `seq`, oldest first. Items that are gone or damaged are left out. */
  load(seq: number, limit: number): FeedGroup[] {
    return this.#rows(seq, limit).map(([seq, keys, sum]) => {
      if (typeof keys === 'string' && crc32(keys) === sum)
        return { seq, items: (JSON.parse(keys) as string[]).flatMap((k) => this.#read(k)) };
      const { file, damage } = this.#parts;
      damage.add({ file, place: `feed record ${seq}`, reason: 'its checksum does not fit' });
      return { seq, items: [] };
    });
  }

  /** Nothing, when the file cannot be read there: those who sweep will find what was not delivered. */
  #rows(seq: number, limit: number): [number, string, number][] {
    try {
      return this.#load.all(seq, limit) as unknown as [number, string, number][];
    } catch (error) {
      const { file, damage } = this.#parts;
      damage.add({ file, place: `feed after record ${seq}`, reason: (error as Error).message });
      return [];
    }
  }

  #read(k: string): Item[] {
    try {
      const item = this.#parts.get(k);
      return item === undefined ? [] : [item];
    } catch (error) {
      if (error instanceof Problem && error.code === 'data-damaged') return [];
      throw error;
    }
  }

  #forgetHandled(): void {
    const handled = this.#handled.sort((a, b) => a - b);
    this.#handled = [];
    this.#forgetting = handled;
    for (let at = 0; at < handled.length; at++) {
      const first = handled[at] as number;
      while (handled[at + 1] === (handled[at] as number) + 1) at++;
      this.#forget.run(first, handled[at] as number);
    }
  }
}
