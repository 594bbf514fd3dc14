import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Problem } from '../../contract/problem.ts';
import { damageProblem } from './damage.ts';
import { isNoSpace } from './error-code.ts';

/** The layout of the file. A higher number is a newer program's. */
export const format = 1;
/** In the file's header: "FanF". */
const APPLICATION_ID = 0x46616e46;
const PAGE_BYTES = 8192;

const schema = `
  CREATE TABLE item(k TEXT PRIMARY KEY, version INTEGER NOT NULL, expires INTEGER, sum INTEGER NOT NULL,
    idx TEXT, data TEXT NOT NULL, bytes BLOB) WITHOUT ROWID;
  CREATE INDEX item_expires ON item(expires) WHERE expires IS NOT NULL;
  CREATE TABLE entry(e TEXT PRIMARY KEY, k TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE feed(seq INTEGER PRIMARY KEY, keys TEXT NOT NULL, sum INTEGER NOT NULL);
  PRAGMA application_id=${APPLICATION_ID};
  PRAGMA user_version=${format};`;

/** What `node:sqlite` throws. */
interface SqliteError extends Error {
  readonly errcode: number;
  readonly errstr: string;
}

export const isSqliteError = (error: unknown): error is SqliteError =>
  typeof error === 'object' &&
  error !== null &&
  'errcode' in error &&
  typeof error.errcode === 'number';

const FULL = 13;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
const IO_ERROR = 10;
const BUSY = 5;

export type Trouble = 'full' | 'damaged' | 'io' | 'busy' | 'other';

/** What kind of trouble a statement met. The low byte is the class, the rest says where. */
export function troubleOf(error: unknown): Trouble {
  if (!isSqliteError(error)) return 'other';
  switch (error.errcode & 0xff) {
    case FULL:
      return 'full';
    case CORRUPT:
    case NOT_A_DATABASE:
      return 'damaged';
    case IO_ERROR:
      return 'io';
    case BUSY:
      return 'busy';
    default:
      return 'other';
  }
}

export const diskFull = (file: string): Problem =>
  new Problem(
    'disk-full',
    `There is no room left for ${file}: nothing of this was stored. It will work again when there is room.`,
    [{ file, message: 'no space left on the device' }],
  );

export interface DatabaseOptions {
  /** False: a power cut may take the last moments; a killed process still takes nothing. */
  readonly fsync: boolean;
  /** Most memory that pages may take, under load. */
  readonly cacheBytes: number;
}

/** Opens the file, or makes it. Throws a `Problem` that says what is wrong with it before anything is changed. */
export function openDatabase(file: string, options: DatabaseOptions): DatabaseSync {
  try {
    if (existsSync(file)) checkHeader(file);
    else createDatabase(file);
    const db = new DatabaseSync(file, { timeout: 0 });
    try {
      configure(db, options);
      db.prepare('SELECT count(*) FROM sqlite_schema').get();
    } catch (error) {
      db.close();
      throw error;
    }
    return db;
  } catch (error) {
    throw openProblem(error, file);
  }
}

function configure(db: DatabaseSync, options: DatabaseOptions): void {
  // Exclusive: the index of the log lies in our own memory, and no file is shared with other processes.
  db.exec(`
    PRAGMA locking_mode=EXCLUSIVE;
    PRAGMA journal_mode=WAL;
    PRAGMA synchronous=${options.fsync ? 'FULL' : 'NORMAL'};
    PRAGMA cache_size=${-Math.ceil(options.cacheBytes / 1024)};
    PRAGMA wal_autocheckpoint=0;
    PRAGMA journal_size_limit=67108864;
    PRAGMA cell_size_check=ON;
    PRAGMA trusted_schema=OFF;`);
}

/** Made under another name, so that a file of this name is always a whole one. */
function createDatabase(file: string): void {
  if (existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0)
    throw damageProblem({
      file,
      place: '',
      reason: 'the file is missing, though its log is there',
    });
  const fresh = `${file}.new`;
  for (const end of ['', '-wal', '-journal']) rmSync(`${fresh}${end}`, { force: true });
  const db = new DatabaseSync(fresh);
  db.exec(`PRAGMA page_size=${PAGE_BYTES}; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;
    BEGIN; ${schema} COMMIT; PRAGMA wal_checkpoint(TRUNCATE);`);
  db.close();
  renameSync(fresh, file);
  syncFolder(dirname(file));
}

/** Makes what was created or renamed in the folder last. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

const HEADER_BYTES = 100;

function readHeader(file: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const handle = openSync(file, 'r');
  try {
    const length = readSync(handle, header, 0, HEADER_BYTES, 0);
    return header.subarray(0, length);
  } finally {
    closeSync(handle);
  }
}

/**
 * Looks at the file's own words about itself. Must come before SQLite opens it: closing a second handle of ours would
 * give up SQLite's lock.
 */
function checkHeader(file: string): void {
  const header = readHeader(file);
  const refuse = (reason: string) => damageProblem({ file, place: '', reason });
  if (header.length < HEADER_BYTES) throw refuse(`it was cut to ${header.length} bytes`);
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0')
    throw refuse('it does not begin like an SQLite file');
  if (header.readUInt32BE(68) !== APPLICATION_ID) throw refuse('it is not a file of Fanfold');
  const version = header.readUInt32BE(60);
  if (version > format)
    throw new Problem(
      'data-newer',
      `${file} was written by a newer Fanfold (format ${version}, this one knows ${format}). Nothing was changed: install that version again, or give another data folder.`,
      [{ file, message: `format ${version}` }],
    );
  const pageBytes = header.readUInt16BE(16) === 1 ? 65536 : header.readUInt16BE(16);
  const [size, wanted] = [statSync(file).size, header.readUInt32BE(28) * pageBytes];
  const logged = existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0;
  if (size < wanted && !logged) throw refuse(`it was cut to ${size} of ${wanted} bytes`);
}

function openProblem(error: unknown, file: string): unknown {
  switch (troubleOf(error)) {
    case 'full':
      return diskFull(file);
    case 'damaged':
    case 'io':
      return damageProblem({ file, place: '', reason: (error as Error).message });
    case 'busy':
      return new Problem('data-in-use', `${file} is open in another program: stop that first.`);
    default:
      return isNoSpace(error) ? diskFull(file) : error;
  }
}
