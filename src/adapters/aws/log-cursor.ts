import { decodeTime, encodeTime, isValid } from 'ulid';

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
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as LogCursor;
  } catch {
    throw new RangeError(`${text} is no place in a log`);
  }
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
