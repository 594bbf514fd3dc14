import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { troubleOf } from './database.ts';
import { LogRoom } from './log-room.ts';

/** How long the log may grow, in pages: what a start has to read again, and what one checkpoint writes at most. */
const LOG_PAGES_MAX = 1000;
const IDLE_MS = 1000;
/** How far the log moves before it is looked whether its file has room. */
const ROOM_PAGES = 16;

/**
 * Moves what the log holds into the file: between transactions, when there is much, and when nothing else is to do.
 * Then it also empties the log, so that a start has nothing to read, and gives back the memory that pages took.
 */
export class Checkpoints {
  readonly #db: DatabaseSync;
  readonly #look: StatementSync;
  readonly #room: LogRoom;
  #roomFor = 0;
  readonly #onTrouble: (error: unknown) => void;
  #idle: NodeJS.Timeout | undefined;
  #writes = 0;
  #closed = false;

  /** `onTrouble` hears that a checkpoint failed for another reason than a full disk. */
  constructor(db: DatabaseSync, file: string, onTrouble: (error: unknown) => void) {
    this.#db = db;
    this.#room = new LogRoom(file);
    this.#look = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.#onTrouble = onTrouble;
  }

  /** A transaction was committed. To look how long the log is takes a microsecond. */
  wrote(): void {
    this.#writes++;
    if (this.#idle === undefined) this.#watch();
    const pages = this.#pages();
    if (Math.abs(pages - this.#roomFor) >= ROOM_PAGES) setImmediate(() => this.#makeRoom(pages));
    // Later a transaction may be open again, time after time.
    if (pages > 2 * LOG_PAGES_MAX) this.#checkpoint('PASSIVE', 0);
    else if (pages > LOG_PAGES_MAX) setImmediate(() => this.#checkpoint('PASSIVE', LOG_PAGES_MAX));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#idle);
    this.#room.close();
  }

  #makeRoom(pages: number): void {
    if (this.#closed) return;
    this.#roomFor = pages;
    this.#room.make(pages);
  }

  #watch(): void {
    const seen = this.#writes;
    this.#idle = setTimeout(() => {
      this.#idle = undefined;
      if (seen !== this.#writes) this.#watch();
      else if (this.#checkpoint('TRUNCATE', 0)) this.#db.exec('PRAGMA shrink_memory');
    }, IDLE_MS).unref();
  }

  /** False when it was not possible now: later is as good. */
  #checkpoint(mode: 'PASSIVE' | 'TRUNCATE', beyond: number): boolean {
    if (this.#closed || this.#db.isTransaction) return false;
    try {
      if (this.#pages() > beyond) this.#db.exec(`PRAGMA wal_checkpoint(${mode})`);
      return true;
    } catch (error) {
      if (troubleOf(error) !== 'full') this.#onTrouble(error);
      return false;
    }
  }

  #pages(): number {
    return Number(this.#look.get()?.log);
  }
}
