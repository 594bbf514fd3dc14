import { type FileHandle, open } from 'node:fs/promises';
import type { LogLine, LogPage, LogQuery } from '../../ports/log-sink.ts';
import { logPlace } from '../log-place.ts';
import { codeOf } from './error-code.ts';
import { decodeLine, lineStart } from './log-line.ts';

const CHUNK_BYTES = 256 * 1024;
const PAGE_MAX = 1000;
const LINE_END = 0x0a;

interface Scan {
  readonly query: LogQuery;
  readonly limit: number;
  /** What each line that is asked for begins with. */
  readonly start: string | undefined;
  readonly lines: LogLine[];
  readonly onDamage: (offset: number) => void;
}

/** Cursors are byte offsets of line begins. Lines that are not what was written are left out, and told of. */
export async function scanLog(
  path: string,
  query: LogQuery,
  onDamage: (offset: number) => void,
): Promise<LogPage> {
  const from = logPlace(query.after);
  const file = await openIfThere(path);
  if (file === undefined) return { lines: [], next: String(from) };
  const { run, task, attempt, limit = PAGE_MAX } = query;
  const start = task === undefined ? undefined : lineStart(task, attempt);
  const most = Math.max(1, Math.min(limit, PAGE_MAX));
  const scan: Scan = { query: { ...query, run }, limit: most, start, lines: [], onDamage };
  try {
    const next = await scanFrom(file, await lineBegin(file, from), scan);
    return { lines: scan.lines, next: String(next) };
  } finally {
    await file.close();
  }
}

/** A cursor of another run may point into a line: then the page begins after it. */
async function lineBegin(file: FileHandle, from: number): Promise<number> {
  if (from === 0) return 0;
  const before = Buffer.alloc(CHUNK_BYTES);
  const { bytesRead } = await file.read(before, 0, before.length, from - 1);
  if (bytesRead === 0) return from;
  const end = before.subarray(0, bytesRead).indexOf(LINE_END);
  return end < 0 ? from : from + end;
}

async function scanFrom(file: FileHandle, from: number, scan: Scan): Promise<number> {
  let at = from;
  let size = CHUNK_BYTES;
  for (;;) {
    const buffer = Buffer.allocUnsafe(size);
    const { bytesRead } = await file.read(buffer, 0, size, at);
    const chunk = buffer.subarray(0, bytesRead);
    const end = chunk.lastIndexOf(LINE_END) + 1;
    if (end === 0 && bytesRead < size) return at;
    if (end === 0) {
      size *= 2;
      continue;
    }
    const used = scanChunk(chunk.subarray(0, end), at, scan);
    at += used;
    if (used < end || scan.lines.length >= scan.limit) return at;
    size = CHUNK_BYTES;
  }
}

/** Says how many bytes of the chunk are done with. */
function scanChunk(chunk: Buffer, offset: number, scan: Scan): number {
  if (scan.start !== undefined && !chunk.includes(scan.start)) return chunk.length;
  let at = 0;
  while (at < chunk.length && scan.lines.length < scan.limit) {
    const end = chunk.indexOf(LINE_END, at);
    scanLine(chunk.toString('utf8', at, end), offset + at, scan);
    at = end + 1;
  }
  return at;
}

function scanLine(text: string, offset: number, scan: Scan): void {
  const { start, query, lines, onDamage } = scan;
  if (start !== undefined && !text.startsWith(start)) return;
  const line = decodeLine(query.run, text);
  if (line === undefined) onDamage(offset);
  else if (query.attempt === undefined || line.attempt === query.attempt) lines.push(line);
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
