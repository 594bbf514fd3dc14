import type { JsonObject } from '../contract/json.ts';
import { type Chunk, emptyChunk, type Tries } from './progress.ts';
import { codesCount } from './status.ts';

/** A chunk as it is stored: what is rare as JSON, what there is of every task as bytes. */
export interface StoredChunk {
  readonly data: JsonObject;
  readonly bytes: Uint8Array;
}

type TriesRow = readonly [
  place: number,
  attempt: number,
  tries: number,
  lost: number,
  since: number,
  readyAt: number,
  by: string,
];
type Data = {
  readonly size: number;
  readonly generation: number;
  /** Of sources `PACK#<runner>#<number>`: what comes before the number. */
  readonly runners: readonly string[];
  /** Sources of any other form, as they are. */
  readonly others: readonly string[];
  readonly tries?: readonly TriesRow[];
  readonly refused?: Chunk['refused'];
  readonly refusedCount?: number;
};

/** Codes and sources as runs of equal values; sources that no task names any more are dropped. */
export function encodeChunk(chunk: Chunk): StoredChunk {
  const { sources, decided } = compactSources(chunk);
  const writer = new Writer(chunk.status.length);
  writeRuns(writer, chunk.status);
  writeRuns(writer, decided);
  const { runners, others } = writeSources(writer, sources);
  const tries = [...chunk.tries].map(
    ([place, t]): TriesRow => [place, t.attempt, t.tries, t.lost, t.since, t.readyAt, t.by],
  );
  const data: Data = {
    size: chunk.status.length,
    generation: chunk.generation,
    runners,
    others,
    ...(tries.length > 0 && { tries }),
    ...(chunk.refusedCount > 0 && { refused: chunk.refused, refusedCount: chunk.refusedCount }),
  };
  return { data: data as unknown as JsonObject, bytes: writer.done() };
}

export function decodeChunk(stored: StoredChunk, version: number): Chunk {
  const data = stored.data as unknown as Data;
  const chunk = emptyChunk(data.size);
  const reader = { bytes: stored.bytes, at: 0 };
  readRuns(reader, chunk.status);
  readRuns(reader, chunk.decided);
  chunk.version = version;
  chunk.generation = data.generation;
  chunk.tally.fill(0);
  for (const code of chunk.status) chunk.tally[code] = (chunk.tally[code] as number) + 1;
  for (const source of readSources(reader, data)) {
    chunk.sources.push(source);
    chunk.sourceIndex.set(source, chunk.sources.length);
  }
  for (const [place, attempt, tries, lost, since, readyAt, by] of data.tries ?? []) {
    const entry: Tries = { attempt, tries, lost, since, readyAt, by };
    chunk.tries.set(place, entry);
  }
  chunk.refused.push(...(data.refused ?? []));
  chunk.refusedCount = data.refusedCount ?? 0;
  return chunk;
}

function compactSources(chunk: Chunk): { sources: readonly string[]; decided: Uint16Array } {
  if (chunk.sources.length <= chunk.status.length)
    return { sources: chunk.sources, decided: chunk.decided };
  const sources: string[] = [];
  const renumbered = new Map<number, number>();
  const decided = chunk.decided.map((old) => {
    if (old === 0) return 0;
    let now = renumbered.get(old);
    if (now === undefined) {
      sources.push(chunk.sources[old - 1] as string);
      now = sources.length;
      renumbered.set(old, now);
    }
    return now;
  });
  return { sources, decided };
}

const numbered = /^(.+#)([0-9a-z]{8})$/;

/**
 * Packs are numbered by their runner, so a source costs some three bytes: which runner (0: none of them), then the
 * difference to the number before of the same runner.
 */
function writeSources(
  writer: Writer,
  sources: readonly string[],
): { runners: string[]; others: string[] } {
  const runners = new Map<string, { index: number; last: number }>();
  const others: string[] = [];
  writer.varint(sources.length);
  for (const source of sources) {
    const match = numbered.exec(source);
    if (match === null) {
      others.push(source);
      writer.varint(0);
      continue;
    }
    const prefix = match[1] as string;
    const number = Number.parseInt(match[2] as string, 36);
    const runner = runners.get(prefix) ?? { index: runners.size + 1, last: 0 };
    runners.set(prefix, runner);
    writer.varint(runner.index);
    writer.varint(zigzag(number - runner.last));
    runner.last = number;
  }
  return { runners: [...runners.keys()], others };
}

function readSources(reader: Reader, data: Data): string[] {
  const count = readVarint(reader);
  const last = data.runners.map(() => 0);
  const sources: string[] = [];
  let other = 0;
  for (let i = 0; i < count; i++) {
    const runner = readVarint(reader) - 1;
    if (runner < 0) {
      sources.push(data.others[other++] as string);
      continue;
    }
    const number = (last[runner] as number) + unzigzag(readVarint(reader));
    last[runner] = number;
    sources.push(`${data.runners[runner]}${number.toString(36).padStart(8, '0')}`);
  }
  return sources;
}

const zigzag = (n: number): number => (n < 0 ? -n * 2 - 1 : n * 2);
const unzigzag = (n: number): number => (n % 2 === 1 ? -(n + 1) / 2 : n / 2);

/** Runs of equal values: value, then length, each as a varint. */
function writeRuns(writer: Writer, values: Uint8Array | Uint16Array): void {
  for (let at = 0; at < values.length; ) {
    const value = values[at] as number;
    let end = at + 1;
    while (end < values.length && values[end] === value) end++;
    writer.varint(value);
    writer.varint(end - at);
    at = end;
  }
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

function readRuns(reader: Reader, into: Uint8Array | Uint16Array): void {
  for (let at = 0; at < into.length; ) {
    const value = readVarint(reader);
    const length = readVarint(reader);
    if (
      length === 0 ||
      at + length > into.length ||
      (into.BYTES_PER_ELEMENT === 1 && value >= codesCount)
    )
      throw new RangeError('a stored chunk of progress does not decode');
    into.fill(value, at, at + length);
    at += length;
  }
}

class Writer {
  #bytes: Uint8Array;
  #at = 0;

  constructor(tasks: number) {
    this.#bytes = new Uint8Array(64 + tasks);
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(given: number): void {
    if (this.#at + 8 > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2 + 16);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    let value = given;
    while (value >= 0x80) {
      this.#bytes[this.#at++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#bytes[this.#at++] = value;
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }
}

function readVarint(reader: Reader): number {
  let value = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined || scale > 2 ** 49)
      throw new RangeError('a stored chunk of progress does not decode');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
}
