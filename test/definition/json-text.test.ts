import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonOf } from '../../src/definition/fields.ts';
import { parseJson } from '../../src/definition/json-text.ts';

const read = (text: string): unknown => {
  const parsed = parseJson(text);
  return parsed.kind === 'tree' ? jsonOf(parsed.root) : parsed.mistakes;
};

test('any JSON is read as JSON.parse reads it', () => {
  const exact = (_key: string, value: unknown) =>
    typeof value === 'number' && Math.abs(value) > 2 ** 53 ? 0 : value;
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(3), (json, indent) => {
      const text = JSON.stringify(json, exact, indent);
      fc.pre(!text.includes('"__proto__"'));
      expect(read(text)).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test('any text is refused where JSON.parse refuses it', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    '-',
    '.',
    'e',
    'true',
    'nul',
    ' ',
    '\n',
    '\t',
    '"b"',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (parts) => {
      const text = parts.join('');
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      const found = parseJson(text);
      const isStricter =
        found.kind === 'mistakes' && /duplicate|large/.test(found.mistakes[0]?.message ?? '');
      expect(found.kind === 'tree' || isStricter).toBe(isJson);
    }),
    { numRuns: 20_000 },
  );
});

test('each part has its place', () => {
  expect(parseJson(' {"a": [1,\n"x"]}')).toEqual({
    kind: 'tree',
    root: {
      kind: 'map',
      at: 1,
      entries: [
        {
          key: 'a',
          at: 2,
          value: {
            kind: 'list',
            at: 7,
            items: [
              { kind: 'value', at: 8, value: 1 },
              { kind: 'value', at: 11, value: 'x' },
            ],
          },
        },
      ],
    },
  });
});

describe('a mistake is told at its place', () => {
  test.each([
    ['', 0, 'expected a value, found the end of the file'],
    ['{', 1, 'expected a key in double quotes, found the end of the file'],
    ['{a: 1}', 1, 'expected a key in double quotes, found "a"'],
    ['{"a" 1}', 5, 'expected ":", found "1"'],
    ['{"a": 1 "b": 2}', 8, 'expected "," or "}", found """'],
    ['[1 2]', 3, 'expected "," or "]", found "2"'],
    ['[1,]', 3, 'expected a value, found "]"'],
    ['{"a": 1} x', 9, 'expected the end of the file, found "x"'],
    ['"a', 0, 'a text without closing quotes'],
    ['"a\\"', 0, 'a text without closing quotes'],
    ['"a\\q"', 0, 'a text with a bad escape, a tab or a line end in it'],
    ['"a\nb"', 0, 'a text with a bad escape, a tab or a line end in it'],
    ['nul', 0, 'expected a value, found "n"'],
    ['01', 1, 'expected the end of the file, found "1"'],
    ['1e999', 0, '"1e999" is too large'],
    ['9007199254740993', 0, '"9007199254740993" is too large to be exact: write it in quotes'],
    ['{"a": 1, "a": 2}', 9, 'duplicate key "a", which is in line 1 already'],
    ['{"__proto__": 2}', 1, 'the key "__proto__" is not allowed'],
  ])('%j', (text, at, message) => {
    expect(read(text)).toEqual([{ at, message }]);
  });
});

test('escapes are read', () => {
  expect(read('"\\u0041\\n\\\\\\" \\ud83d\\ude00"')).toBe('A\n\\" 😀');
});
