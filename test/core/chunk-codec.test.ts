import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DoesNotDecode } from '../../src/core/bytes.ts';
import { decodeChunk, encodeChunk, type StoredChunk } from '../../src/core/chunk-codec.ts';
import { type Chunk, emptyChunk, firstTry, nextTry, type Tries } from '../../src/core/progress.ts';
import { codes, codesCount } from '../../src/core/status.ts';

const pack = (runner: string, n: number): string =>
  `PACK#${runner}#${n.toString(36).padStart(8, '0')}`;

function chunkOf(size: number): Chunk {
  return emptyChunk(size, 1);
}

function end(chunk: Chunk, place: number, source: string, code: number = codes.succeeded): void {
  const before = chunk.status[place] as number;
  chunk.status[place] = code;
  chunk.tally[before] = (chunk.tally[before] as number) - 1;
  chunk.tally[code] = (chunk.tally[code] as number) + 1;
  let index = chunk.sources.indexOf(source) + 1;
  if (index === 0) {
    index = chunk.sources.push(source);
  }
  chunk.decided[place] = index;
}

const stored = (chunk: Chunk): StoredChunk => {
  const { data, bytes } = encodeChunk(chunk);
  return { data: JSON.parse(JSON.stringify(data)), bytes };
};

const sourceIds = fc.oneof(
  fc.tuple(fc.constantFrom('01AAAA', '01BBBB'), fc.nat()).map(([runner, n]) => pack(runner, n)),
  fc.constantFrom(
    'LOST#00000001#00000002',
    'SPAWN#00000001#00000002#00000000',
    'odd',
    'PACK#x#ZZZZZZZZ',
  ),
);
const ms = fc.nat(2 ** 41);
const triesRows: fc.Arbitrary<Tries> = fc.record({
  attempt: fc.integer({ min: 2, max: 10_000 }),
  tries: fc.nat(10_000),
  lost: fc.nat(10_000),
  since: fc.oneof(fc.constant(0), ms),
  readyAt: fc.oneof(fc.constant(0), ms),
  bad: fc.boolean(),
  by: fc.oneof(fc.constant(''), sourceIds),
  before: fc.array(fc.oneof(fc.constant(''), sourceIds), { maxLength: 15 }),
});

const chunks = fc
  .record({
    size: fc.integer({ min: 1, max: 60 }),
    ends: fc.array(fc.tuple(fc.nat(59), fc.nat(codesCount - 1), sourceIds)),
    tries: fc.array(fc.tuple(fc.nat(59), triesRows)),
    refused: fc.array(fc.tuple(sourceIds, fc.nat(), fc.nat())),
    generation: fc.integer({ min: 1, max: 9 }),
    segments: fc.nat(1000),
  })
  .map(({ size, ends, tries, refused, generation, segments }) => {
    const chunk = emptyChunk(size, generation);
    for (const [place, code, source] of ends) if (place < size) end(chunk, place, source, code);
    for (const [place, one] of tries)
      if (place < size) chunk.tries = new Map(chunk.tries).set(place, one);
    chunk.refused.push(...refused);
    chunk.segments = segments;
    return chunk;
  });

const view = (chunk: Chunk) => ({
  ...chunk,
  tries: [...chunk.tries].sort(([a], [b]) => a - b),
  dirty: undefined,
});

describe('a chunk', () => {
  test('comes back as it was stored', () => {
    fc.assert(
      fc.property(chunks, fc.nat(), (chunk, version) => {
        const again = decodeChunk(stored(chunk), version);
        expect(view(again)).toEqual(view({ ...chunk, version }));
        expect(again.dirty).toBe(false);
      }),
    );
  });

  test('is stored the same way again, so that nothing changes by being read', () => {
    fc.assert(
      fc.property(chunks, (chunk) => {
        const once = stored(chunk);
        expect(stored(decodeChunk(once, 1))).toEqual(once);
      }),
    );
  });

  test('forgets sources that nothing names when they are many, and what it shows stays the same', () => {
    const chunk = chunkOf(2);
    for (let n = 0; n < 10; n++) end(chunk, 0, pack('r', n));
    end(chunk, 1, pack('r', 3), codes.failed);
    const again = decodeChunk(stored(chunk), 1);
    expect(again.sources).toEqual([pack('r', 9), pack('r', 3)]);
    expect([...again.decided]).toEqual([1, 2]);
    expect(view(again)).toEqual(view({ ...chunk, version: 1 }));
  });
});

describe('the size of a chunk', () => {
  const size = (chunk: Chunk): number => {
    const { data, bytes } = encodeChunk(chunk);
    return JSON.stringify(data).length + bytes.length;
  };
  const tasks = 1024;

  test('of which nothing happened is next to nothing', () => {
    expect(size(chunkOf(tasks))).toBeLessThan(80);
  });

  test('whose tasks were reported in packs of 200 is small', () => {
    const chunk = chunkOf(tasks);
    for (let n = 0; n < tasks; n++)
      end(chunk, n, pack('01JZ0000000000000000000000', Math.floor(n / 200)));
    expect(size(chunk)).toBeLessThan(200);
  });

  test('whose tasks were reported one by one, by eight runners in turns, is some bytes a task', () => {
    const chunk = chunkOf(tasks);
    for (let n = 0; n < tasks; n++) end(chunk, (n * 389) % tasks, pack(`01JZ${n % 8}`, 5000 + n));
    expect(size(chunk) / tasks).toBeLessThan(6);
  });

  test('whose every task was tried again three times stays well below what an item may hold', () => {
    const chunk = chunkOf(tasks);
    for (let n = 0; n < tasks; n++) {
      let tries: Tries = { ...firstTry, since: 1_760_000_000_000 + n * 37 };
      for (let attempt = 1; attempt < 4; attempt++) {
        tries = nextTry(tries, pack(`01JZ${n % 8}`, 5000 + n * 3 + attempt));
        tries = { ...tries, tries: attempt, readyAt: tries.since + attempt * 1000 };
      }
      chunk.tries = new Map(chunk.tries).set(n, tries);
      end(chunk, n, pack(`01JZ${n % 8}`, 90_000 + n));
    }
    expect(size(chunk) / tasks).toBeLessThan(40);
  });
});

describe('a chunk that was damaged', () => {
  const whole = (() => {
    const chunk = chunkOf(20);
    for (let n = 0; n < 10; n++) end(chunk, n, pack('r', n));
    chunk.tries = new Map(chunk.tries).set(3, nextTry(firstTry, pack('r', 77)));
    return stored(chunk);
  })();

  test('does not decode when it is cut anywhere', () => {
    for (let length = 0; length < whole.bytes.length; length++)
      expect(() => decodeChunk({ ...whole, bytes: whole.bytes.slice(0, length) }, 1)).toThrow(
        DoesNotDecode,
      );
  });

  test('does not decode when something follows', () => {
    const bytes = Uint8Array.from([...whole.bytes, 0]);
    expect(() => decodeChunk({ ...whole, bytes }, 1)).toThrow(DoesNotDecode);
  });

  test('does not decode into what can’t be, or into another valid chunk, whatever byte changed', () => {
    for (let at = 0; at < whole.bytes.length; at++)
      for (let value = 0; value < 256; value++) {
        const bytes = whole.bytes.slice();
        bytes[at] = value;
        let chunk: Chunk;
        try {
          chunk = decodeChunk({ ...whole, bytes }, 1);
        } catch (error) {
          expect(error).toBeInstanceOf(DoesNotDecode);
          continue;
        }
        expect(Math.max(...chunk.status)).toBeLessThan(codesCount);
        expect(Math.max(...chunk.decided)).toBeLessThanOrEqual(chunk.sources.length);
      }
  });
});
