import type { JsonObject } from '../contract/json.ts';
import { Reader, Writer } from './bytes.ts';
import { type Chunk, dropUnused, emptyChunk, type Tries } from './progress.ts';
import { codesCount } from './status.ts';

/** A chunk as it is stored: what is rare as JSON, what there may be of every task as bytes. */
export interface StoredChunk {
  readonly data: JsonObject;
  readonly bytes: Uint8Array;
}

type Data = {
  readonly size: number;
  readonly generation: number;
  readonly segments?: number;
  /** Of sources `PACK#<runner>#<number>`: what comes before the number. */
  readonly runners: readonly string[];
  /** Sources of any other form, as they are. */
  readonly others: readonly string[];
  readonly refused?: Chunk['refused'];
};

/** Codes and sources are runs of equal values. Drops sources that no task names any more when they are many. */
export function encodeChunk(chunk: Chunk): StoredChunk {
  if (chunk.sources.length > chunk.status.length) dropUnused(chunk);
  const names = new Map(chunk.sources.map((id, i) => [id, i + 1]));
  const tries = [...chunk.tries].sort(([a], [b]) => a - b);
  for (const [, { by, before }] of tries)
    for (const id of [by, ...before])
      if (id !== '' && !names.has(id)) names.set(id, names.size + 1);

  const writer = new Writer(chunk.status.length);
  writer.runs(chunk.status);
  const { runners, others } = writeNames(writer, [...names.keys()]);
  writer.varint(chunk.sources.length);
  writer.runs(chunk.decided);
  writeTries(writer, tries, names);
  const data: Data = {
    size: chunk.status.length,
    generation: chunk.generation,
    ...(chunk.segments > 0 && { segments: chunk.segments }),
    runners,
    others,
    ...(chunk.refused.length > 0 && { refused: [...chunk.refused] }),
  };
  return { data: data as unknown as JsonObject, bytes: writer.done() };
}

/** Throws `DoesNotDecode` when it is not what `encodeChunk` gave. */
export function decodeChunk(stored: StoredChunk, version: number): Chunk {
  const data = stored.data as unknown as Data;
  const chunk = emptyChunk(data.size, data.generation);
  const reader = new Reader(stored.bytes);
  chunk.version = version;
  chunk.segments = data.segments ?? 0;
  reader.runs(chunk.status, codesCount - 1);
  chunk.tally.fill(0);
  for (const code of chunk.status) chunk.tally[code] = (chunk.tally[code] as number) + 1;
  const names = readNames(reader, data);
  for (const source of names.slice(0, reader.upTo(names.length))) chunk.sources.push(source);
  reader.runs(chunk.decided, chunk.sources.length);
  readTries(reader, chunk, names);
  reader.end();
  chunk.refused.push(...(data.refused ?? []));
  return chunk;
}

/** In order of places; times as what they differ by from the task before. */
function writeTries(
  writer: Writer,
  tries: readonly (readonly [number, Tries])[],
  names: ReadonlyMap<string, number>,
): void {
  writer.varint(tries.length);
  let place = 0;
  let since = 0;
  for (const [at, one] of tries) {
    writer.varint(at - place);
    writer.varint(one.attempt);
    writer.varint(one.tries);
    writer.varint(one.lost * 2 + (one.bad ? 1 : 0));
    writer.signed(one.since - since);
    writer.signed(waitOf(one));
    writer.varint(one.before.length);
    for (const id of [one.by, ...one.before]) writer.varint(names.get(id) ?? 0);
    place = at;
    since = one.since;
  }
}

/** From `since` to `readyAt`, not counting 0, which stands for none. */
function waitOf({ since, readyAt }: Tries): number {
  if (readyAt === 0) return 0;
  return readyAt >= since ? readyAt - since + 1 : readyAt - since;
}

function readTries(reader: Reader, chunk: Chunk, names: readonly string[]): void {
  const name = (): string => names[reader.upTo(names.length) - 1] ?? '';
  const tries = new Map<number, Tries>();
  let place = 0;
  let since = 0;
  for (let left = reader.upTo(chunk.status.length); left > 0; left--) {
    place += reader.upTo(chunk.status.length - 1 - place);
    const attempt = reader.varint();
    const count = reader.varint();
    const lost = reader.varint();
    since += reader.signed();
    const wait = reader.signed();
    const before = Array.from<string>({ length: reader.upTo(0xff) });
    const one: Tries = {
      attempt,
      tries: count,
      lost: Math.floor(lost / 2),
      since,
      readyAt: wait === 0 ? 0 : since + wait - (wait > 0 ? 1 : 0),
      bad: lost % 2 === 1,
      by: name(),
      before: before.map(name),
    };
    tries.set(place, one);
  }
  if (tries.size > 0) chunk.tries = tries;
}

const numbered = /^(.+#)([0-9a-z]{8})$/;

/**
 * Packs are numbered by their runner, so a name costs some three bytes: which runner (0: none of them), then the
 * difference to the number before of the same runner.
 */
function writeNames(
  writer: Writer,
  names: readonly string[],
): { runners: string[]; others: string[] } {
  const runners = new Map<string, { index: number; last: number }>();
  const others: string[] = [];
  writer.varint(names.length);
  for (const name of names) {
    const match = numbered.exec(name);
    if (match === null) {
      others.push(name);
      writer.varint(0);
      continue;
    }
    const prefix = match[1] as string;
    const number = Number.parseInt(match[2] as string, 36);
    const runner = runners.get(prefix) ?? { index: runners.size + 1, last: 0 };
    runners.set(prefix, runner);
    writer.varint(runner.index);
    writer.signed(number - runner.last);
    runner.last = number;
  }
  return { runners: [...runners.keys()], others };
}

function readNames(reader: Reader, { runners, others }: Data): string[] {
  const last = runners.map(() => 0);
  const names: string[] = [];
  let other = 0;
  for (let left = reader.varint(); left > 0; left--) {
    const runner = reader.upTo(runners.length) - 1;
    if (runner < 0) names.push(others[other++] as string);
    else {
      const number = (last[runner] as number) + reader.signed();
      last[runner] = number;
      names.push(`${runners[runner]}${number.toString(36).padStart(8, '0')}`);
    }
  }
  return names;
}
