import { decodeTime, encodeTime, isValid } from 'ulid';
import { noLogPlace } from '../log-place.ts';

/**
 * How late an object may show up after the time that its name says. A writer draws the name right before it writes;
 * what takes longer than this is not seen by those who follow, only by those who read from the start.
 */
const lateMs = 60_000;

/**
 * Where a reader is. Several runners write objects of one run, and one with an earlier name may come later: so all
 * that was read of the last minute is told by name.
 */
export interface LogCursor {
  /** All objects up to this name are read. */
  readonly after: string;
  /** Later ones that are read too. */
  readonly read: readonly string[];
  /** Of an object that is read in part: its name, and how many of the run's lines are. */
  readonly part?: readonly [id: string, lines: number];
}

/** No object of a run is older than the run. */
export function startOf(run: string): LogCursor {
  return { after: isValid(run) ? encodeTime(Math.max(0, decodeTime(run) - lateMs)) : '', read: [] };
}

export function parseCursor(text: string): LogCursor {
  try {
    const cursor: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (isCursor(cursor)) return cursor;
  } catch {
    // It is no JSON.
  }
  throw noLogPlace();
}

function isCursor(value: unknown): value is LogCursor {
  const { after, read, part } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const isPart = part === undefined || (Array.isArray(part) && typeof part[0] === 'string');
  return typeof after === 'string' && Array.isArray(read) && isPart;
}

export const printCursor = (cursor: LogCursor): string =>
  Buffer.from(JSON.stringify(cursor)).toString('base64url');

/** The cursor once these objects are read, in order, of which the last perhaps in part. */
export function moveOn(
  cursor: LogCursor,
  read: readonly string[],
  part: LogCursor['part'],
  now: number,
): LogCursor {
  const settled = encodeTime(Math.max(0, now - lateMs));
  const all = [...new Set([...cursor.read, ...read])].sort();
  // An earlier object may have come late, and be the one that is read in part.
  const past = all.filter((id) => id < settled && (part === undefined || id < part[0]));
  const after = [cursor.after, ...past].sort().at(-1) as string;
  return { after, read: all.filter((id) => id > after), ...(part && { part }) };
}
