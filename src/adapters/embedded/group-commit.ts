import type { DatabaseSync } from 'node:sqlite';
import { Problem } from '../../contract/problem.ts';
import { type Condition, type Item, type PutResult, Unavailable } from '../../ports/table.ts';
import { damageProblem } from './damage.ts';
import { diskFull, isSqliteError, troubleOf } from './database.ts';
import type { FeedFile } from './feed-file.ts';
import { type ItemFile, inserted } from './item-file.ts';
import type { Row } from './row.ts';

/** One put or, without a row, one removal. */
export interface Change {
  readonly k: string;
  readonly row: Row | undefined;
  /** As the caller gave it: what the feed hands on. */
  readonly item: Item | undefined;
  readonly condition: Condition;
}

interface Call {
  readonly changes: readonly Change[];
  readonly results: PutResult[];
  readonly resolve: (results: PutResult[]) => void;
  readonly reject: (error: unknown) => void;
  /** How many of the changes are committed. */
  committed: number;
  /** What one of the changes met, after which the others stand. */
  error: unknown;
}

/** Part of a call that fits into one transaction. */
interface Part {
  readonly call: Call;
  readonly from: number;
  readonly to: number;
}

/** A transaction blocks the thread for some 6 µs a change: what waits meanwhile goes into the next. */
const CHANGES_MAX = 1024;

export interface GroupCommitParts {
  readonly db: DatabaseSync;
  readonly file: string;
  readonly items: ItemFile;
  readonly feed: FeedFile;
  /** Hears once that nothing can be stored any more. */
  readonly onStop: (error: Unavailable) => void;
  /** Called after each transaction. */
  readonly onCommit: () => void;
}

/**
 * Many calls, one transaction, one fsync: all that was asked for in one turn of the event loop is committed together,
 * then answered. A call alone is committed at once.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts;
  #calls: Call[] = [];
  #first = 0;
  #scheduled = false;
  #stopped: Unavailable | undefined;
  #idle: (() => void)[] = [];

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
  }

  get stopped(): Unavailable | undefined {
    return this.#stopped;
  }

  /** Answers when all the changes are durable. */
  commit(changes: readonly Change[]): Promise<PutResult[]> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped);
    if (changes.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.#calls.push({ changes, results: [], resolve, reject, committed: 0, error: undefined });
      this.schedule();
    });
  }

  /** Also without a call: what the feed has to write down goes with the next transaction. */
  schedule(): void {
    if (this.#scheduled || this.#stopped !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  /** Commits what waits, then refuses what comes. */
  async close(): Promise<void> {
    if (this.#parts.feed.hasHandled) this.schedule();
    if (this.#scheduled) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#stopped ??= new Unavailable('The store is closed.');
  }

  /** A transaction of its own, at once. */
  runAlone<T>(work: () => T): T {
    if (this.#stopped !== undefined) throw this.#stopped;
    const { db, onCommit } = this.#parts;
    try {
      db.exec('BEGIN IMMEDIATE');
      const result = work();
      db.exec('COMMIT');
      onCommit();
      return result;
    } catch (error) {
      throw this.#rolledBack(error);
    }
  }

  /**
   * Refuses all that is not committed and all that comes. After a failed fsync nobody knows what the disk holds, and
   * asking again would be answered wrongly.
   */
  halt(error: unknown): Unavailable {
    if (this.#stopped !== undefined) return this.#stopped;
    const reason = error instanceof Error ? error.message : String(error);
    const stop = new Unavailable(
      `The store has stopped: writing ${this.#parts.file} failed (${reason}). What was answered before is kept as far as the disk keeps it; check the disk, then start again.`,
    );
    this.#stopped = stop;
    for (const call of this.#calls.slice(this.#first)) call.reject(stop);
    this.#calls = [];
    this.#first = 0;
    this.#rest();
    this.#parts.onStop(stop);
    return stop;
  }

  #flush(): void {
    if (this.#stopped !== undefined) return;
    const group = this.#nextGroup();
    this.#commitGroup(group);
    if (this.#stopped !== undefined) return;
    this.#settle(group);
    if (this.#first < this.#calls.length) setImmediate(() => this.#flush());
    else this.#rest();
  }

  #rest(): void {
    this.#scheduled = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #nextGroup(): Part[] {
    const group: Part[] = [];
    let room = CHANGES_MAX;
    for (let at = this.#first; at < this.#calls.length && room > 0; at++) {
      const call = this.#calls[at] as Call;
      const to = Math.min(call.changes.length, call.committed + room);
      group.push({ call, from: call.committed, to });
      room -= to - call.committed;
    }
    return group;
  }

  /** One that harms a group harms itself only: the others are tried again, each alone. */
  #commitGroup(group: readonly Part[]): void {
    const error = this.#tryCommit(group);
    if (error === undefined) return;
    const alone = group.length === 1 || error instanceof Unavailable || isDiskFull(error);
    if (alone) for (const { call } of group) call.error = error;
    else for (const part of group) this.#commitGroup([part]);
  }

  #tryCommit(group: readonly Part[]): unknown {
    const { db, feed, onCommit } = this.#parts;
    const fresh: Item[] = [];
    try {
      db.exec('BEGIN IMMEDIATE');
      for (const part of group) this.#apply(part, fresh);
      const written = feed.write(fresh);
      db.exec('COMMIT');
      feed.committed(written);
      onCommit();
      return undefined;
    } catch (error) {
      for (const { call, from } of group) call.results.length = from;
      return this.#rolledBack(error);
    }
  }

  /** Adds what was not there before to `fresh`. */
  #apply({ call, from, to }: Part, fresh: Item[]): void {
    const { items } = this.#parts;
    for (let at = from; at < to; at++) {
      const { k, row, item, condition } = call.changes[at] as Change;
      const result = row ? items.put(row, condition) : items.remove(k, condition);
      call.results[at] = result;
      if (result === inserted) fresh.push(item as Item);
    }
  }

  #rolledBack(error: unknown): unknown {
    const { db, file } = this.#parts;
    this.#parts.feed.rolledBack();
    try {
      if (db.isTransaction) db.exec('ROLLBACK');
    } catch (second) {
      return this.halt(second);
    }
    if (!isSqliteError(error)) return error;
    switch (troubleOf(error)) {
      case 'full':
        return diskFull(file);
      case 'damaged':
        return damageProblem({ file, place: '', reason: error.message });
      case 'io':
        return this.halt(error);
      default:
        return error;
    }
  }

  #settle(group: readonly Part[]): void {
    for (const { call, to } of group) {
      call.committed = to;
      if (call.error === undefined && to < call.changes.length) continue;
      this.#first++;
      if (call.error === undefined) call.resolve(call.results);
      else call.reject(call.error);
    }
    if (this.#first === this.#calls.length) {
      this.#calls = [];
      this.#first = 0;
    } else if (this.#first > 10_000) {
      this.#calls = this.#calls.slice(this.#first);
      this.#first = 0;
    }
  }
}

const isDiskFull = (error: unknown): boolean =>
  error instanceof Problem && error.code === 'disk-full';
