import type { DatabaseSync } from 'node:sqlite';
import { Problem } from '../../contract/problem.ts';
import { type PutResult, Unavailable } from '../../ports/table.ts';
import type { Change } from './change.ts';
import { damageProblem } from './damage.ts';
import { diskFull, isSqliteError, troubleOf } from './database.ts';
import type { FeedFile } from './feed-file.ts';
import { type ItemFile, inserted } from './item-file.ts';

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
/** A relaxed call of more than this waits like any other: it would hold up its caller's turn. */
const EARLY_CALL_MAX = 64;
/** At the latest so long after its answer, a relaxed change is durable. */
const EARLY_MS = 10;

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
 *
 * Relaxed calls are applied and answered at once, in a transaction that stays open for the next group, which makes them
 * durable with itself. So what is answered as durable never rests on what is not.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts;
  #calls: Call[] = [];
  #first = 0;
  #scheduled = false;
  #stopped: Unavailable | undefined;
  #idle: (() => void)[] = [];
  /** Applied in the open transaction, answered, and not yet durable. */
  #early: Change[] = [];
  #earlyFresh: Change[] = [];
  #earlyTimer: NodeJS.Timeout | undefined;

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

  /** Answers when all the changes can be read; they are durable before any later call of `commit` is answered. */
  async commitEarly(changes: readonly Change[]): Promise<PutResult[]> {
    if (this.#stopped !== undefined) throw this.#stopped;
    if (changes.length > EARLY_CALL_MAX) return this.commit(changes);
    const before = this.#early.length;
    const results: PutResult[] = [];
    try {
      this.#begin();
      for (const change of changes) {
        results.push(this.#applyOne(change, this.#earlyFresh));
        this.#early.push(change);
      }
    } catch (error) {
      this.#early.length = before;
      throw this.#rolledBack(error);
    }
    if (this.#early.length >= CHANGES_MAX) this.schedule();
    else this.#earlyTimer ??= setTimeout(() => this.schedule(), EARLY_MS);
    return results;
  }

  /** Also without a call: what the feed has to write down goes with the next transaction. */
  schedule(): void {
    if (this.#scheduled || this.#stopped !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  /** Commits what waits, then refuses what comes. */
  async close(): Promise<void> {
    if (this.#parts.feed.hasHandled || this.#early.length > 0) this.schedule();
    if (this.#scheduled) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#stopped ??= new Unavailable('The store is closed.');
  }

  /** A transaction of its own, at once. */
  runAlone<T>(work: () => T): T {
    if (this.#stopped !== undefined) throw this.#stopped;
    const { db, onCommit } = this.#parts;
    const error = this.#early.length > 0 ? this.#tryCommit([]) : undefined;
    if (error !== undefined) throw error;
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
    clearTimeout(this.#earlyTimer);
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
    // Only what was answered already: it is kept in memory until there is room.
    if (group.length === 0 && this.#early.length > 0 && !isDiskFull(error)) this.halt(error);
    const alone = group.length === 1 || error instanceof Unavailable || isDiskFull(error);
    if (alone) for (const { call } of group) call.error = error;
    else for (const part of group) this.#commitGroup([part]);
  }

  #tryCommit(group: readonly Part[]): unknown {
    const { db, feed, onCommit } = this.#parts;
    try {
      this.#begin();
      const fresh = [...this.#earlyFresh];
      for (const part of group) this.#apply(part, fresh);
      const written = feed.write(fresh);
      db.exec('COMMIT');
      this.#forgetEarly();
      feed.committed(written);
      onCommit();
      return undefined;
    } catch (error) {
      for (const { call, from } of group) call.results.length = from;
      return this.#rolledBack(error);
    }
  }

  #begin(): void {
    if (!this.#parts.db.isTransaction) this.#parts.db.exec('BEGIN IMMEDIATE');
  }

  #forgetEarly(): void {
    clearTimeout(this.#earlyTimer);
    this.#earlyTimer = undefined;
    this.#early = [];
    this.#earlyFresh = [];
  }

  #apply({ call, from, to }: Part, fresh: Change[]): void {
    for (let at = from; at < to; at++)
      call.results[at] = this.#applyOne(call.changes[at] as Change, fresh);
  }

  /** Adds what was not there before to `fresh`. */
  #applyOne(change: Change, fresh: Change[]): PutResult {
    const { items } = this.#parts;
    const { k, row, condition } = change;
    const result = row ? items.put(row, condition) : items.remove(k, condition);
    if (result === inserted) fresh.push(change);
    return result;
  }

  /** What was answered before it was durable is applied anew, to what lay there then, and waits for the next group. */
  #restoreEarly(): void {
    const early = this.#early;
    this.#forgetEarly();
    if (early.length === 0) return;
    try {
      this.#begin();
      for (const change of early) this.#applyOne(change, this.#earlyFresh);
      this.#early = early;
      this.#earlyTimer = setTimeout(() => this.schedule(), EARLY_MS);
    } catch (error) {
      this.halt(error);
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
    this.#restoreEarly();
    if (!isSqliteError(error) || this.#stopped !== undefined) return this.#stopped ?? error;
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
