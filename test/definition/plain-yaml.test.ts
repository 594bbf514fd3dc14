import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { parsePlainYaml } from '../../src/definition/plain-yaml.ts';
import { printYaml } from '../../src/definition/print.ts';
import { parseYaml } from '../../src/definition/yaml-text.ts';
import { workflows } from './arbitraries.ts';

/** What is read at all is read as the YAML package reads it, places included. */
function isSameOrNothing(text: string): boolean {
  const plain = parsePlainYaml(text);
  if (plain !== undefined) expect({ kind: 'tree', root: plain }).toEqual(parseYaml(text));
  return plain !== undefined;
}

describe('the plain part of YAML is read', () => {
  test.each([
    'a: b\n',
    'a: b',
    '# c\n\na: b # c\n\n  # c\nc:   d  \n# end',
    'name: n\ntasks:\n  t1:\n    needs: t2\n    run: echo 5\n  t2: {run: x, needs: [a, b-c, "d"]}\n',
    'a:\n- 1\n- 2.5\n- x\nb:\n  - {a: {b: [1, []]}, }\n',
    'a: null\nb: True\nc: "null"\nd: NULL\ne:\nf: nULL\n',
    '1: 017\n"a b": 5\n\'c d\': 1e3\n',
    'a: http://x.y/z?q=1:2#3\nb: x,y [z] {w}\nc: $HOME\n',
    'a:\n      b:\n       c: d\ne: f\n',
    'a: [x y, 1 2, true]\n',
    '- a\n- "b"\n',
    'each: ${'.concat('{ tasks.a.output }}\n'),
  ])('%j', (text) => {
    expect(isSameOrNothing(text)).toBe(true);
  });
});

describe('anything else is left to the package', () => {
  test.each([
    '',
    '  ',
    ' a: b\n',
    'a: b\na: c\n',
    'a: {b: 1, b: 2}\n',
    'a: &x b\n',
    'a: *x\n',
    'a: !!str b\n',
    'a: |\n  b\n',
    'a: >\n  b\n',
    'a: b\n  c\n',
    '- a\n  b\n',
    'a: "b\\n"\n',
    'a: "b\n  c"\n',
    "a: 'it''s'\n",
    '? a\n: b\n',
    'a: b: c\n',
    'a: b\n c: d\n',
    'a:\n    b: 1\n  c: 2\n',
    '- - a\n',
    '- a: b\n',
    '-\n  a\n',
    '---\na: b\n',
    '%YAML 1.1\n---\na: b\n',
    'a:\tb\n',
    'a: b\r\n',
    'null: 1\n',
    '<<: 1\n',
    '__proto__: 1\n',
    'a: 0x1f\n',
    'a: 0o7\n',
    'a: .inf\n',
    'a: -1\n',
    'a: 12345678901234567890\n',
    'a: 1e400\n',
    'a: [b\n',
    'a: [b] c\n',
    'a: {b}\n',
    'a: {b: c\n',
    'a: {b: c; d: e}\n',
    'a: [${'.concat('{x}}]\n'),
    'a: [b: c]\n',
    'a: @b\n',
    'a: ]\n',
    'a b: c\n',
    'a\n',
    'a:b\n',
    `${'{a: '.repeat(200)}b${'}'.repeat(200)}\n`,
    `a: ${'[{a: '.repeat(100)}b${'}]'.repeat(100)}\n`,
  ])('%j', (text) => {
    expect(parsePlainYaml(text)).toBeUndefined();
  });
});

test('what is printed by machines is read the same by both', () => {
  let read = 0;
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^\w{1,5}$/), fc.jsonValue({ maxDepth: 4 })),
      (map) => {
        if (isSameOrNothing(stringify(map))) read++;
      },
    ),
    { numRuns: 500 },
  );
  expect(read).toBeGreaterThan(10);
});

test('workflows are read the same by both', () => {
  fc.assert(fc.property(workflows, (workflow) => void isSameOrNothing(printYaml(workflow))));
});

test('any text of its signs is read the same by both', () => {
  const piece = fc.constantFrom(
    'a',
    'b1',
    ': ',
    ':',
    ' ',
    '  ',
    '\n',
    '\n  ',
    '\n- ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ', ',
    ',',
    '"',
    '"x"',
    "'",
    "'y'",
    '#',
    ' #',
    '1',
    '1.5',
    'null',
    '$',
    '.',
    '_',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      (parts) => void isSameOrNothing(parts.join('')),
    ),
    { numRuns: 20_000 },
  );
});
