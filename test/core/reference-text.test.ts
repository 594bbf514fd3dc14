import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseReference } from '../../src/core/reference-text.ts';

/** Parses what stands between the braces. */
const parse = (inner: string) => parseReference(`\${{${inner}}}`, 3);

describe('a reference is a root and a path', () => {
  test.each([
    [' input ', { root: 'input', text: 'input', path: [] }],
    ['input.day', { root: 'input', text: 'input.day', path: ['day'] }],
    [' input.a-b._c ', { root: 'input', text: 'input.a-b._c', path: ['a-b', '_c'] }],
    ['input.größe', { root: 'input', text: 'input.größe', path: ['größe'] }],
    ['input["a b"][0]', { root: 'input', text: 'input["a b"][0]', path: ['a b', 0] }],
    ['input["}}"]', { root: 'input', text: 'input["}}"]', path: ['}}'] }],
    ['input["\\"\\u0041"]', { root: 'input', text: 'input["\\"\\u0041"]', path: ['"A'] }],
    ['item', { root: 'item', text: 'item', path: [] }],
    ['item.file[10]', { root: 'item', text: 'item.file[10]', path: ['file', 10] }],
    ['items[1].x', { root: 'items', text: 'items[1].x', path: [1, 'x'] }],
    ['\n index\t', { root: 'index', text: 'index', path: [] }],
    ['run.id', { root: 'run', text: 'run.id', path: ['id'] }],
  ])('%s', (inner, reference) => {
    expect(parse(inner)).toEqual({ kind: 'ok', reference, end: inner.length + 5 });
  });
});

describe('the id of a task ends at the first .output', () => {
  test.each([
    ['tasks.a.output', 'a', []],
    ['tasks.a-1.output.output', 'a-1', ['output']],
    ['tasks.RNA.SEQ_3.output.files[2]', 'RNA.SEQ_3', ['files', 2]],
    ['tasks.1000genome.output', '1000genome', []],
    ['tasks.outputs.output', 'outputs', []],
    ['tasks["my.output.id"].output.x', 'my.output.id', ['x']],
  ])('%s', (inner, task, path) => {
    expect(parse(inner)).toMatchObject({ kind: 'ok', reference: { root: 'task', task, path } });
  });
});

describe('anything else is an error that says where', () => {
  test.each([
    ['', 3, /expected a reference/],
    [' 5 ', 4, /expected a reference/],
    [' foo.bar ', 4, /unknown reference "foo"/],
    ['constructor', 3, /unknown reference "constructor"/],
    ['input.a + 1', 11, /unexpected "\+ 1".*operators are not supported yet/],
    ['input.', 8, /unexpected "\."/],
    ['input..a', 8, /unexpected "\.\.a"/],
    ['input[-1]', 8, /unexpected "\[-1\]"/],
    ['input[01]', 8, /unexpected/],
    ['input["a]', 8, /unexpected/],
    ['input["\\x"]', 14, /bad escape/],
    ['tasks.a', 8, /expected tasks\.<id>\.output/],
    ['tasks.a.outputs', 8, /expected tasks\.<id>\.output/],
    ['tasks["a"]', 13, /expected \.output/],
    ['tasks["\\q"].output', 14, /bad escape/],
    ['items', 3, /expected items\[n\]/],
    ['items.a', 3, /expected items\[n\]/],
    ['index.a', 3, /"index" is a number/],
    ['run', 3, /expected run\.id/],
    ['run.name', 3, /expected run\.id/],
  ])('%s', (inner, at, message) => {
    expect(parse(inner)).toEqual({ kind: 'error', at, message: expect.stringMatching(message) });
  });

  test('one that is never closed is told at its opening', () => {
    expect(parseReference('a ${'.concat('{ input.day'), 5)).toMatchObject({ kind: 'error', at: 2 });
  });

  test('one of more than 1000 characters is told at its opening', () => {
    expect(parse(`input.${'a'.repeat(1000)}`)).toMatchObject({ kind: 'error', at: 0 });
  });
});

test('any text is read to an end, at once', () => {
  const part = fc.constantFrom(
    'tasks',
    '.',
    'output',
    'input',
    '[',
    ']',
    '"',
    '\\',
    '0',
    'a',
    '-',
    ' ',
    '}}',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 400 }), (parts) => {
      expect(['ok', 'error']).toContain(parse(parts.join('')).kind);
    }),
  );
});
