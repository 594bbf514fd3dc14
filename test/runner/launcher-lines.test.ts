import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cleanLine, Lines } from '../../src/runner/launcher-lines.mjs';

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length];
  ends.sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

const text = fc.array(fc.constantFrom('a', 'é', '😀', '\n', '\n', ' ', '{"b":1}'), {
  maxLength: 60,
});

describe('lines', () => {
  test('are the same wherever the chunks are cut', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(200), { maxLength: 8 }), (parts, places) => {
        const whole = parts.join('');
        const lines = new Lines(1000);
        const got = cut(Buffer.from(whole), places).flatMap((chunk) => lines.push(chunk));
        got.push(...lines.end());
        const want = whole.split('\n');
        if (want.at(-1) === '') want.pop();
        expect(got).toEqual(want);
        expect(lines.last).toBe(want.findLast((line) => line.trim() !== ''));
      }),
    );
  });

  test('keep the last one also when nobody wants the others', () => {
    const lines = new Lines(1000);
    const noise = Buffer.from(`${'x'.repeat(100)}\n`.repeat(1000));
    expect(lines.push(noise, true)).toEqual([]);
    lines.push(Buffer.from('{"a"'), true);
    lines.push(Buffer.from(':1}\n\n'), true);
    expect(lines.last).toBe('{"a":1}');
  });

  test('forget what is longer than the limit, but not what follows', () => {
    const lines = new Lines(100);
    for (let i = 0; i < 50; i++) expect(lines.push(Buffer.from('y'.repeat(50)))).toEqual([]);
    const [long = ''] = lines.push(Buffer.from('\n'));
    expect(long.length).toBeLessThanOrEqual(200);
    expect(lines.last).toBeUndefined();
    expect(lines.push(Buffer.from('next\n'))).toEqual(['next']);
    expect(lines.last).toBe('next');
  });
});

test('a clean line has no control characters but tab', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (line) => {
      expect(cleanLine(line)).not.toMatch(/[^\P{Cc}\t]/u);
    }),
  );
});

test('a clean line has at most 16 KB of text', () => {
  expect(Buffer.byteLength(cleanLine('é'.repeat(20_000)))).toBeLessThan(16_100);
  expect(cleanLine('z'.repeat(16_000))).toBe('z'.repeat(16_000));
});

test('the end of a long stack comes with the line that says why', () => {
  const lines = new Lines(64_000);
  const stack = Array.from({ length: 200 }, (_, frame) => `main.f(${frame})\n\t/src/f.go:1`);
  lines.push(Buffer.from(`panic: nobody is there\n\n${stack.join('\n')}\n`));
  expect(lines.tail.startsWith('panic: nobody is there\n…\n')).toBe(true);
  expect(lines.tail.endsWith('main.f(199)\n\t/src/f.go:1')).toBe(true);
  expect(lines.tail.length).toBeLessThanOrEqual(2_000);
});
