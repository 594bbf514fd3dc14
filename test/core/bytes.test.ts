import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DoesNotDecode, Reader, Writer } from '../../src/core/bytes.ts';

const written = (write: (writer: Writer) => void): Uint8Array => {
  const writer = new Writer(0);
  write(writer);
  return writer.done();
};

const whole = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat(),
  fc.constantFrom(0, 127, 128, 16_383, 16_384, Number.MAX_SAFE_INTEGER),
);
const signed = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 }),
);

describe('numbers as bytes', () => {
  test('come back as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(whole, signed)), (pairs) => {
        const bytes = written((writer) => {
          for (const [a, b] of pairs) {
            writer.varint(a);
            writer.signed(b);
          }
        });
        const reader = new Reader(bytes);
        expect(pairs.map(() => [reader.varint(), reader.signed()])).toEqual(pairs);
        expect(() => reader.end()).not.toThrow();
      }),
    );
  });

  test.each([
    [0, 1],
    [127, 1],
    [128, 2],
    [16_383, 2],
    [16_384, 3],
    [2 ** 41, 6],
    [Number.MAX_SAFE_INTEGER, 8],
  ])('%i takes %i bytes', (value, length) => {
    expect(written((writer) => writer.varint(value))).toHaveLength(length);
  });
});

describe('runs of equal values', () => {
  test('come back as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(0xffff), fc.integer({ min: 1, max: 500 }))), (runs) => {
        const values = Uint16Array.from(runs.flatMap(([value, n]) => new Array(n).fill(value)));
        const bytes = written((writer) => writer.runs(values));
        const into = new Uint16Array(values.length);
        new Reader(bytes).runs(into, 0xffff);
        expect(into).toEqual(values);
      }),
    );
  });

  test('are as short as there are changes', () => {
    expect(written((writer) => writer.runs(new Uint8Array(100_000)))).toHaveLength(4);
  });
});

describe('what was not written so', () => {
  const read = (bytes: readonly number[], with_: (reader: Reader) => unknown) => () =>
    with_(new Reader(Uint8Array.from(bytes)));

  test.each([
    ['ends too early', read([0x80], (reader) => reader.varint())],
    ['is too long a number', read(new Array(9).fill(0xff), (reader) => reader.varint())],
    ['is beyond what it may be', read([5], (reader) => reader.upTo(4))],
    ['has a value beyond its kind', read([9, 1], (reader) => reader.runs(new Uint8Array(1), 7))],
    ['has an empty run', read([1, 0], (reader) => reader.runs(new Uint8Array(1), 7))],
    ['has a run beyond the end', read([1, 2], (reader) => reader.runs(new Uint8Array(1), 7))],
    ['goes on', read([1], (reader) => reader.end())],
  ])('%s: it does not decode', (_, reading) => {
    expect(reading).toThrow(DoesNotDecode);
  });
});
