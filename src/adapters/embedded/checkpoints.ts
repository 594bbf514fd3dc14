import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { troubleOf } from './database.ts';

/** How long the log may grow, in pages: what a start has to read again, and what one checkpoint writes at most. */
const LOG_PAGES_MAX = 1000;
/** How much may be written before the log's length is looked at. */
const LOOK_BYTES = 512 * 1024;
/** What a transaction writes at least. */
const COMMIT_BYTES = 8192;
const IDLE_MS = 1000;

/** Moves what the log holds into the file: between transactions, when there is much, and when nothing else is to do. */
export class Checkpoints {
  readonly #look: StatementSync;
  readonly #move: StatementSync;
  readonly #onTrouble: (error: unknown) => void;
  #unseen = 0;
  #idle: NodeJS.Timeout | undefined;
  #lastWrite = 0;
  #closed = false;

  /** `onTrouble` hears that a checkpoint failed for another reason than a full disk. */
  constructor(db: DatabaseSync, onTrouble: (error: unknown) => void) {
    this.#look = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.#move = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
    this.#onTrouble = onTrouble;
  }

  wrote(bytes: number): void {
    this.#unseen += bytes + COMMIT_BYTES;
    this.#idle ??= setTimeout(() => this.#whenIdle(this.#lastWrite), IDLE_MS).unref();
    this.#lastWrite++;
    if (this.#unseen < LOOK_BYTES) return;
    this.#unseen = 0;
    setImmediate(() => {
      if (!this.#closed) this.#checkpoint(LOG_PAGES_MAX);
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#idle);
  }

  #whenIdle(seen: number): void {
    this.#idle = undefined;
    if (this.#closed) return;
    if (seen + 1 === this.#lastWrite) this.#checkpoint(0);
    else this.#idle = setTimeout(() => this.#whenIdle(this.#lastWrite - 1), IDLE_MS).unref();
  }

  #checkpoint(beyond: number): void {
    try {
      if (Number(this.#look.get()?.log) > beyond) this.#move.get();
    } catch (error) {
      if (troubleOf(error) !== 'full') this.#onTrouble(error);
    }
  }
}
