import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { encodeTime } from 'ulid';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { LogLine, LogPage, LogQuery, LogSink } from '../../ports/log-sink.ts';
import { insist, type Patience } from './insist.ts';
import { type LogCursor, moveOn, parseCursor, printCursor, startOf } from './log-cursor.ts';
import { linesOf, markOf, readName, runsMax, toObject } from './log-objects.ts';

export interface S3LogsOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Begins every key. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly patience: Patience;
  /** For how long lines wait for others. Default: 1 s. Until then they cannot be read. */
  readonly lingerMs?: number;
  /** Hears when lines could not be written; they are written with the next ones. */
  readonly onTrouble: (error: unknown) => void;
}

export interface S3Logs extends LogSink {
  /** Writes what waits: a function must, before it is frozen. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** As much as one object may hold, about; and as much as may wait before those who append wait, too. */
const objectBytes = 1024 * 1024;
const waitingBytesMax = 16 * 1024 * 1024;
const pageMax = 1000;
/** Lines that could not be written at once are written within this time, or their runner is gone. */
const writtenMsMax = 15 * 60_000;

/** What tasks print, in objects of many lines of many runs: each write costs the same, whatever its size. */
export function s3Logs(options: S3LogsOptions): S3Logs {
  const writer = new LogWriter(options);
  return {
    append: (lines) => writer.append(lines),
    read: (query) => read(options, query),
    flush: () => writer.flush(),
    close: () => writer.close(),
  };
}

class LogWriter {
  readonly #options: S3LogsOptions;
  #waiting: LogLine[] = [];
  #bytes = 0;
  #alarm: AbortController | undefined;
  /** One write after the other, so that what an attempt prints stays in order. */
  #writing: Promise<void> = Promise.resolve();

  constructor(options: S3LogsOptions) {
    this.#options = options;
  }

  async append(lines: readonly LogLine[]): Promise<void> {
    for (const line of lines) {
      this.#waiting.push({ ...line });
      this.#bytes += line.text.length;
    }
    if (this.#bytes >= waitingBytesMax) return this.flush();
    if (this.#bytes >= objectBytes) this.#background(this.flush());
    else if (this.#waiting.length > 0) this.#setAlarm();
  }

  /** Throws `Unavailable` when the lines could not be written: they are kept. */
  flush(): Promise<void> {
    this.#alarm?.abort();
    this.#alarm = undefined;
    const mine = this.#writing.then(() => this.#write());
    this.#writing = mine.catch(() => undefined);
    return mine;
  }

  async close(): Promise<void> {
    await this.flush();
  }

  #setAlarm(): void {
    if (this.#alarm !== undefined) return;
    const { clock, lingerMs = 1000 } = this.#options;
    const alarm = new AbortController();
    this.#alarm = alarm;
    this.#background(
      clock.sleep(lingerMs, alarm.signal).then(() => {
        if (!alarm.signal.aborted) return this.flush();
      }),
    );
  }

  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#options.onTrouble(error);
      this.#setAlarm();
    });
  }

  async #write(): Promise<void> {
    const { client, bucket, prefix, ids, patience } = this.#options;
    while (this.#waiting.length > 0) {
      const lines = this.#nextLines();
      const { key, body } = toObject(prefix, ids.next(), lines);
      await insist(patience, `write logs ${key}`, () =>
        client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body })),
      );
      this.#waiting.splice(0, lines.length);
      for (const { text } of lines) this.#bytes -= text.length;
    }
  }

  /** As many as one object takes. */
  #nextLines(): readonly LogLine[] {
    const runs = new Set<string>();
    let bytes = 0;
    let count = 0;
    for (const { run, text } of this.#waiting) {
      runs.add(run);
      bytes += text.length;
      if (runs.size > runsMax || (count > 0 && bytes > objectBytes)) break;
      count++;
    }
    return this.#waiting.slice(0, count);
  }
}

async function read(options: S3LogsOptions, query: LogQuery): Promise<LogPage> {
  const cursor = query.after === undefined ? startOf(query.run) : parseCursor(query.after);
  const limit = Math.max(1, Math.min(query.limit ?? pageMax, pageMax));
  const seen = new Set(cursor.read);
  const lines: LogLine[] = [];
  const done: string[] = [];
  let part: LogCursor['part'];
  for await (const { id, key } of objectsAfter(options, query, cursor.after)) {
    if (seen.has(id)) continue;
    const from = cursor.part?.[0] === id ? cursor.part[1] : 0;
    const own = linesOf(await bodyOf(options, key), query.run);
    const used = takeLines(own, from, query, limit, lines);
    if (used < own.length) {
      part = [id, used];
      break;
    }
    done.push(id);
    if (lines.length >= limit) break;
  }
  const next = moveOn(cursor, done, part, options.clock.now());
  return { lines, next: printCursor(next) };
}

/** Adds the lines that are asked for, up to the limit. Answers with how many of all lines are done with. */
function takeLines(
  own: readonly LogLine[],
  from: number,
  { task, attempt }: LogQuery,
  limit: number,
  lines: LogLine[],
): number {
  let at = from;
  for (; at < own.length && lines.length < limit; at++) {
    const line = own[at] as LogLine;
    const fits = task === undefined || line.task === task;
    if (fits && (attempt === undefined || line.attempt === attempt)) lines.push(line);
  }
  return at;
}

/** Those that may hold lines of the run, in the order of time. */
async function* objectsAfter(
  options: S3LogsOptions,
  { run, until }: LogQuery,
  after: string,
): AsyncGenerator<{ readonly id: string; readonly key: string }> {
  const mark = markOf(run);
  const last = until === undefined ? undefined : encodeTime(until + writtenMsMax);
  // Beyond the object of that very id, whatever its marks.
  for await (const key of keysAfter(options, after === '' ? undefined : `${after}.~`)) {
    const { id, may } = readName(key.slice(options.prefix.length), mark);
    if (last !== undefined && id > last) return;
    if (may) yield { id, key };
  }
}

async function* keysAfter(
  { client, bucket: Bucket, prefix: Prefix, patience }: S3LogsOptions,
  after: string | undefined,
): AsyncGenerator<string> {
  for (let StartAfter = after && Prefix + after; ; ) {
    const { Contents = [], IsTruncated } = await insist(patience, 'list logs', () =>
      client.send(new ListObjectsV2Command({ Bucket, Prefix, StartAfter })),
    );
    for (const { Key = '' } of Contents) yield Key;
    StartAfter = Contents.at(-1)?.Key;
    if (!IsTruncated || StartAfter === undefined) return;
  }
}

async function bodyOf(
  { client, bucket, patience }: S3LogsOptions,
  key: string,
): Promise<Uint8Array> {
  return insist(patience, `read logs ${key}`, async () => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  });
}
