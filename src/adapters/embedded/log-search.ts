/** Searches the log files: newest runs first, each from its begin. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { decodeTime, isValid } from 'ulid';
import { Problem } from '../../contract/problem.ts';
import type { LogHits, LogLine, LogSearch } from '../../ports/log-sink.ts';
import { codeOf } from './error-code.ts';
import { fileOf, logFiles, type RunFile } from './log-files.ts';
import { decodeLine } from './log-line.ts';

/** One call looks at no more than this, and says where to go on. */
const bytesMax = 64 * 1024 * 1024;
const filesMax = 5_000;
const linesMax = 1_000;
const smallBytes = 64 * 1024;
const chunkBytes = 1024 * 1024;
/** Between so many others get their turn. */
const filesAtOnce = 16;
/** Ids may be made by clients, whose clocks are theirs. */
const skewMs = 3_600_000;
const lineEnd = 0x0a;

interface Hit {
  readonly line: LogLine;
  /** Where what follows it begins. */
  readonly end: number;
}

interface Found {
  readonly hits: readonly Hit[];
  /** How far the file was read; undefined: to its end. */
  readonly stopped: number | undefined;
  readonly bytes: number;
}

/** From a byte of a run's file on; with a byte beyond all, from the run before it. */
interface Place {
  readonly run: string;
  readonly from: number;
}

const whole = Number.MAX_SAFE_INTEGER;
const printPlace = ({ run, from }: Place): string => `${run}.${from === whole ? 'end' : from}`;

function parsePlace(after: string | undefined): Place | undefined {
  if (after === undefined) return undefined;
  const [, run, from] = /^([0-9A-Z]{26})\.(\d{1,15}|end)$/.exec(after) ?? [];
  if (run === undefined) throw new Problem('input-invalid', 'after is not a cursor of this search');
  return { run, from: from === 'end' ? whole : Number(from) };
}

export async function searchLogs(folder: string, query: LogSearch): Promise<LogHits> {
  const most = Math.max(1, Math.min(query.limit, linesMax));
  const lines: LogLine[] = [];
  const looked = { bytes: 0, files: 0 };
  for await (const batch of batches(folder, query, parsePlace(query.after))) {
    const found = await Promise.all(batch.map((file) => searchFile(file, query, most)));
    for (const [n, one] of found.entries()) {
      const { run } = batch[n] as FileToSearch;
      const from = take(one, lines, most) ?? (isEnough(looked, one) ? whole : undefined);
      if (from !== undefined) return { lines, next: printPlace({ run, from }) };
    }
    await setImmediate();
  }
  return { lines, next: undefined };
}

/** Where to go on in the file; undefined: it is done with. */
function take({ hits, stopped }: Found, lines: LogLine[], most: number): number | undefined {
  for (const { line, end } of hits) {
    lines.push(line);
    if (lines.length >= most) return end;
  }
  return stopped;
}

function isEnough(looked: { bytes: number; files: number }, { bytes }: Found): boolean {
  looked.bytes += bytes;
  looked.files++;
  return looked.bytes >= bytesMax || looked.files >= filesMax;
}

interface FileToSearch {
  readonly path: string;
  readonly run: string;
  readonly from: number;
}

async function* batches(
  folder: string,
  query: LogSearch,
  place: Place | undefined,
): AsyncGenerator<readonly FileToSearch[]> {
  let batch: FileToSearch[] = [];
  for await (const { path, run } of filesOf(folder, query)) {
    if (run === undefined || (place !== undefined && run > place.run) || isTooLate(run, query))
      continue;
    const from = place?.run === run ? place.from : 0;
    if (from === whole) continue;
    batch.push({ path, run, from });
    if (batch.length < filesAtOnce) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

async function* filesOf(folder: string, { run }: LogSearch): AsyncGenerator<RunFile> {
  if (run === undefined) yield* logFiles(folder);
  else yield { path: fileOf(folder, run), run };
}

/** A run prints nothing before it is there. */
function isTooLate(run: string, { to }: LogSearch): boolean {
  return to !== undefined && isValid(run) && decodeTime(run) > to + skewMs;
}

async function searchFile(file: FileToSearch, query: LogSearch, most: number): Promise<Found> {
  if (query.from !== undefined && isOlder(file.path, query.from)) return none;
  const small = readSmall(file.path);
  return small === undefined
    ? searchLarge(file, query, most)
    : searchSmall(small, file, query, most);
}

const none: Found = { hits: [], stopped: undefined, bytes: 0 };

function searchSmall(bytes: Buffer, { run, from }: FileToSearch, query: LogSearch, most: number) {
  const hits: Hit[] = [];
  const lines = bytes.subarray(from, bytes.lastIndexOf(lineEnd) + 1);
  searchChunk(lines, from, run, query, hits, most);
  return { hits, stopped: undefined, bytes: lines.length };
}

async function searchLarge(
  { path, run, from }: FileToSearch,
  query: LogSearch,
  most: number,
): Promise<Found> {
  const hits: Hit[] = [];
  const file = await open(path, 'r');
  let at = from;
  try {
    for (;;) {
      const chunk = await readLines(file, at, chunkBytes);
      if (chunk === undefined) return { hits, stopped: undefined, bytes: at - from };
      searchChunk(chunk, at, run, query, hits, most);
      at += chunk.length;
      if (hits.length >= most || at - from >= bytesMax)
        return { hits, stopped: at, bytes: at - from };
    }
  } finally {
    await file.close();
  }
}

const shared = Buffer.allocUnsafeSlow(smallBytes);

/**
 * A small file's content, until the next call; undefined for a large one. Most are small, and many: each of three steps
 * through another thread would take longer than all of the work.
 */
function readSmall(path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return shared.subarray(0, 0);
    throw error;
  }
  try {
    const bytesRead = readSync(file, shared, 0, smallBytes, 0);
    return bytesRead === smallBytes ? undefined : shared.subarray(0, bytesRead);
  } finally {
    closeSync(file);
  }
}

/** A file that was last written before holds nothing of later. */
const isOlder = (path: string, than: number): boolean =>
  (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < than;

/** Whole lines, about so many bytes of them; undefined at the end. */
async function readLines(file: FileHandle, at: number, bytes: number): Promise<Buffer | undefined> {
  for (let size = bytes; ; size *= 2) {
    const buffer = Buffer.allocUnsafe(size);
    const { bytesRead } = await file.read(buffer, 0, size, at);
    const end = buffer.subarray(0, bytesRead).lastIndexOf(lineEnd) + 1;
    if (end > 0) return buffer.subarray(0, end);
    if (bytesRead < size) return undefined;
  }
}

/** Most chunks hold nothing: that is seen without taking their lines apart. */
function searchChunk(
  chunk: Buffer,
  offset: number,
  run: string,
  query: LogSearch,
  hits: Hit[],
  most: number,
): void {
  const text = query.text.toLowerCase();
  const written = JSON.stringify(text).slice(1, -1);
  const isIn = (part: Buffer) => part.toString('utf8').toLowerCase().includes(written);
  if (!isIn(chunk)) return;
  for (let at = 0; at < chunk.length && hits.length < most; ) {
    const end = chunk.indexOf(lineEnd, at);
    const bytes = chunk.subarray(at, end);
    at = end + 1;
    if (!isIn(bytes)) continue;
    const line = decodeLine(run, bytes.toString('utf8'));
    if (line?.text.toLowerCase().includes(text) && fits(line, query))
      hits.push({ line, end: offset + at });
  }
}

const fits = (line: LogLine, { task, stream, from, to }: LogSearch): boolean =>
  (task === undefined || line.task === task) &&
  (stream === undefined || line.stream === stream) &&
  (from === undefined || line.at >= from) &&
  (to === undefined || line.at < to);
