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
import { indexNames } from '../../ports/table.ts';
import { unusable } from './damage.ts';
import { codeOf, isNoSpace } from './error-code.ts';

/** The layout of the file. A higher number is a newer program's. */
export const format = 2;
/** In the file's header: "FanF". */
const APPLICATION_ID = 0x46616e46;
const PAGE_BYTES = 8192;

/** As SQLite keeps them, in the order of their root pages, from page 2 on. */
const schema = [
  `CREATE TABLE item(k TEXT PRIMARY KEY, version INTEGER NOT NULL, expires INTEGER, sum INTEGER NOT NULL, data TEXT NOT NULL, bytes BLOB, ${indexNames.map((name) => `${name} TEXT`)}) WITHOUT ROWID`,
  ...['expires', ...indexNames].map(
    (name) => `CREATE INDEX item_${name} ON item(${name}) WHERE ${name} IS NOT NULL`,
  ),
  'CREATE TABLE feed(seq INTEGER PRIMARY KEY, keys TEXT NOT NULL, sum INTEGER NOT NULL)',
];

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
  /** A file with more room in it than this, and more than half of it empty, is written anew. Default: 64 MB. */
  readonly spareBytesMax?: number;
}

const SPARE_BYTES_MAX = 64 * 1024 * 1024;

/** Opens the file, or makes it. What it throws, `openProblem` explains; nothing was changed then. */
export function openDatabase(file: string, options: DatabaseOptions): DatabaseSync {
  if (existsSync(file)) checkHeader(file);
  else createDatabase(file);
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    configure(db, options);
    checkSchema(db, file);
    giveBackRoom(db, options.spareBytesMax ?? SPARE_BYTES_MAX);
    return db;
  } catch (error) {
    db.close();
    throw error;
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

/** Written anew, a file has its tables first, then its indexes. */
function checkSchema(db: DatabaseSync, file: string): void {
  const rows = db.prepare('SELECT rootpage, sql FROM sqlite_schema ORDER BY rootpage').all();
  const known = new Set(rows.map(({ sql }) => sql));
  const fits = rows.every(({ rootpage }, at) => rootpage === at + 2);
  if (rows.length !== schema.length || !fits || !schema.every((sql) => known.has(sql)))
    throw unusable(file, 'its list of tables is not what was written');
}

/**
 * Room of what was removed is used again, but the file does not become smaller by itself. To write it anew stops all else,
 * so it is done at the start; without the disk for it, the file stays as it is.
 */
function giveBackRoom(db: DatabaseSync, spareBytesMax: number): void {
  const pages = (name: string): number =>
    Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  const spare = pages('freelist_count');
  if (spare * PAGE_BYTES <= spareBytesMax || spare * 2 <= pages('page_count')) return;
  try {
    db.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE);');
  } catch (error) {
    if (troubleOf(error) !== 'full') throw error;
  }
}

/** Made under another name, so that a file of this name is always a whole one. */
function createDatabase(file: string): void {
  if (existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0)
    throw unusable(file, 'the file is missing, though its log is there');
  const fresh = `${file}.new`;
  for (const end of ['', '-wal', '-journal']) rmSync(`${fresh}${end}`, { force: true });
  const db = new DatabaseSync(fresh);
  db.exec(`PRAGMA page_size=${PAGE_BYTES}; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;
    BEGIN; ${schema.join(';')}; PRAGMA application_id=${APPLICATION_ID};
    PRAGMA user_version=${format}; COMMIT; PRAGMA wal_checkpoint(TRUNCATE);`);
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

/** Bytes of the header that are the same in every file of ours; of a changed one SQLite would make something else. */
const constants: readonly (readonly [at: number, bytes: readonly number[]])[] = [
  [18, [2, 2, 0, 64, 32, 32]],
  [44, [0, 0, 0, 4]],
  [52, [0, 0, 0, 0, 0, 0, 0, 1]],
  [64, [0, 0, 0, 0]],
];

/** Opens for writing too, without any: of a file that it may only read, SQLite says what sounds like damage. */
function readHeader(file: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const handle = openSync(file, 'r+');
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
  const refuse = (reason: string) => unusable(file, reason);
  if (header.length < HEADER_BYTES) throw refuse(`it was cut to ${header.length} bytes`);
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0')
    throw refuse('it does not begin like an SQLite file');
  if (header.readUInt32BE(68) !== APPLICATION_ID) throw refuse('it is not a file of Fanfold');
  for (const [at, bytes] of constants)
    if (Buffer.from(bytes).compare(header, at, at + bytes.length) !== 0)
      throw refuse(`its header is not what was written at byte ${at}`);
  const version = header.readUInt32BE(60);
  if (version !== format) throw otherFormat(file, version);
  if (header.readUInt16BE(16) !== PAGE_BYTES) throw refuse('its page size is not ours');
  const [size, wanted] = [statSync(file).size, header.readUInt32BE(28) * PAGE_BYTES];
  const logged = existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0;
  if (size < wanted && !logged) throw refuse(`it was cut to ${size} of ${wanted} bytes`);
}

function otherFormat(file: string, version: number): Problem {
  const [code, who] =
    version > format ? (['data-newer', 'a newer'] as const) : (['data-older', 'an older'] as const);
  return new Problem(
    code,
    `${file} was written by ${who} Fanfold (format ${version}, this one knows ${format}). Nothing was changed: install that version again, or give another data folder.`,
    [{ file, message: `format ${version}` }],
  );
}

const CANNOT_OPEN = 14;
const READ_ONLY = 8;

/** What to say of an error while opening. Of our own file, SQLite understands all unless it is damaged. */
export function openProblem(error: unknown, file: string): unknown {
  if (isNoSpace(error)) return diskFull(file);
  if (!isSqliteError(error)) return isDenied(error) ? unreadable(file, error) : error;
  const trouble = troubleOf(error);
  if (trouble === 'full') return diskFull(file);
  if (trouble === 'busy')
    return new Problem('data-in-use', `${file} is open in another program: stop that first.`);
  if ([CANNOT_OPEN, READ_ONLY].includes(error.errcode & 0xff)) return unreadable(file, error);
  return unusable(file, error.message);
}

const isDenied = (error: unknown): boolean =>
  ['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'EISDIR', 'ENOTDIR', 'ENOENT'].includes(
    String(codeOf(error)),
  );

const unreadable = (file: string, error: unknown): Problem =>
  new Problem(
    'file-unreadable',
    `${file} cannot be opened for reading and writing (${(error as Error).message}). Give this user the right to, or give another data folder.`,
    [{ file, message: (error as Error).message }],
  );
