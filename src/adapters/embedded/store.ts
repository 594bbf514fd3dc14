import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../ports/clock.ts';
import type { Feed, Table, Unavailable } from '../../ports/table.ts';
import { Checkpoints } from './checkpoints.ts';
import { type Damage, DamageList, damageProblem } from './damage.ts';
import { openDatabase, openProblem, troubleOf } from './database.ts';
import { FeedHub } from './feed.ts';
import { FeedFile } from './feed-file.ts';
import { lockFolder } from './folder-lock.ts';
import { GroupCommit } from './group-commit.ts';
import { ItemFile } from './item-file.ts';
import { makeFolder } from './make-folder.ts';
import { checkStore } from './store-check.ts';
import { embeddedTable } from './table.ts';
import { checkLog } from './write-ahead-log.ts';

export interface StoreOptions {
  readonly clock: Clock;
  /** Inserts whose sort key begins with one of these go to the feed. Those already stored keep what held then. */
  readonly feedPrefixes: readonly string[];
  /** Default true. False: a power cut may take the last moments; the end of the process still takes nothing. */
  readonly fsync?: boolean;
  /** Most memory for pages of the file; taken under load only. Default 64 MB. */
  readonly cacheBytes?: number;
  /** A file with more room in it than this, most of it empty, gives it back when it is opened. Default 64 MB. */
  readonly spareBytesMax?: number;
  /** Hears of each damaged place once. */
  readonly onDamage?: (damage: Damage) => void;
  /** Hears why nothing can be stored any more; the process should say so and end. */
  readonly onStop?: (error: Unavailable) => void;
  /** Hears why a handler of the feed refused a batch. */
  readonly onRefused?: (error: unknown) => void;
}

export interface Store {
  readonly table: Table;
  readonly feed: Feed;
  /** What was found damaged since the store was opened. */
  damaged(): readonly Damage[];
  /** Reads everything and answers with all that was found damaged. Nothing else is served meanwhile. */
  check(): Promise<readonly Damage[]>;
  /** Removes up to `limit` items that expired before `now`; answers with how many. */
  purge(now: number, limit: number): Promise<number>;
  /** Waits for what is under way, then lets go of the folder. */
  close(): Promise<void>;
}

const CACHE_BYTES = 64 * 1024 * 1024;
/** Handled groups are forgotten at the latest so long after, when no put comes along. */
const FORGET_MS = 50;

/**
 * Opens the data folder, and makes it if there is none. Throws a `Problem` when another process holds it
 * (`data-in-use`), a newer version wrote it (`data-newer`), or its file cannot be read (`data-damaged`).
 */
export function openStore(folder: string, options: StoreOptions): Store {
  const unlock = claim(folder);
  const file = join(folder, 'fanfold.sqlite');
  const damage = new DamageList(options.onDamage);
  try {
    const lost = checkLog(file);
    if (lost !== undefined) damage.add(lost);
    const { fsync = true, cacheBytes = CACHE_BYTES } = options;
    const { spareBytesMax } = options;
    const spare = spareBytesMax === undefined ? {} : { spareBytesMax };
    const db = openDatabase(file, { fsync, cacheBytes, ...spare });
    return assembled(db, file, options, damage, unlock);
  } catch (error) {
    unlock();
    throw openProblem(error, file);
  }
}

function claim(folder: string): () => void {
  try {
    makeFolder(folder);
    return lockFolder(folder);
  } catch (error) {
    throw openProblem(error, folder);
  }
}

function assembled(
  db: DatabaseSync,
  file: string,
  options: StoreOptions,
  damage: DamageList,
  unlock: () => void,
): Store {
  try {
    return storeOf(db, file, options, damage, unlock);
  } catch (error) {
    closeDatabase(db);
    throw error;
  }
}

function storeOf(
  db: DatabaseSync,
  file: string,
  options: StoreOptions,
  damage: DamageList,
  unlock: () => void,
): Store {
  const items = new ItemFile(db, file, damage);
  const feedFile = new FeedFile({
    db,
    file,
    prefixes: options.feedPrefixes,
    damage,
    get: (k) => items.get(k),
    onCommitted: (groups) => hub.offer(groups),
  });
  const checkpoints = new Checkpoints(db, file, (error) => commits.halt(error));
  const commits: GroupCommit = new GroupCommit({
    db,
    file,
    items,
    feed: feedFile,
    onStop: (error) => options.onStop?.(error),
    onCommit: () => checkpoints.wrote(),
  });
  const forget = lazily(FORGET_MS, () => commits.schedule());
  const hub: FeedHub = new FeedHub({
    file: feedFile,
    clock: options.clock,
    onHandled: forget.ask,
    onRefused: (error) => options.onRefused?.(error),
  });
  return {
    table: embeddedTable(items, commits, guardedReads(file, damage, commits)),
    feed: hub,
    damaged: () => damage.all(),
    check: async () => {
      checkStore(db, file, damage);
      return damage.all();
    },
    purge: async (now, limit) => commits.runAlone(() => items.purge(now, limit)),
    close: once(async () => {
      await hub.close();
      forget.cancel();
      await commits.close();
      checkpoints.close();
      closeDatabase(db);
      unlock();
    }),
  };
}

/** What SQLite cannot read is damage of the place that was asked for. */
function guardedReads(file: string, damage: DamageList, commits: GroupCommit) {
  return <T>(work: () => T, place: () => string): T => {
    if (commits.stopped !== undefined) throw commits.stopped;
    try {
      return work();
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble !== 'damaged' && trouble !== 'io') throw error;
      const found = { file, place: place(), reason: (error as Error).message };
      damage.add(found);
      throw damageProblem(found);
    }
  };
}

/** Runs `work` once, `ms` after it was first asked for. */
function lazily(ms: number, work: () => void): { ask(): void; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    ask() {
      timer ??= setTimeout(() => {
        timer = undefined;
        work();
      }, ms).unref();
    },
    cancel: () => clearTimeout(timer),
  };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

/** Closing writes the log into the file; what cannot be written now is in the log still, for the next start. */
function closeDatabase(db: DatabaseSync): void {
  try {
    db.close();
  } catch (error) {
    if (troubleOf(error) === 'other') throw error;
  }
}
