import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../src/contract/json.ts';
import { isReference, parseTemplate, resolve, type Scope } from '../../src/core/reference.ts';
import { templateDepthMax } from '../../src/core/template.ts';
import { processorTime } from '../support/processor-time.ts';

const ref = (inner: string): string => `\${{ ${inner} }}`;

const scope: Scope = {
  input: { day: 'today', list: [1, { a: null }], deep: { 'a b': true }, n: 2.5 },
  output: (task) => (task === 'extract' ? { files: ['x', 'y'] } : undefined),
  items: ['outer', { id: 7 }],
  index: 3,
  run: { id: '01ABC' },
};
const resolved = (template: Json, within: Scope = scope): unknown => {
  const answer = resolve(template, within);
  return answer.kind === 'ok' ? answer.value : answer.message;
};

describe('a string that is one reference keeps the type of its value', () => {
  test.each([
    ['input.day', 'today'],
    ['input.list', [1, { a: null }]],
    ['input.list[1].a', null],
    ['input.deep["a b"]', true],
    ['input.n', 2.5],
    ['input', scope.input],
    ['tasks.extract.output', { files: ['x', 'y'] }],
    ['tasks.extract.output.files[1]', 'y'],
    ['item', { id: 7 }],
    ['item.id', 7],
    ['items[0]', 'outer'],
    ['index', 3],
    ['run.id', '01ABC'],
  ])('%s', (inner, want) => {
    expect(resolve(ref(inner), scope)).toEqual({ kind: 'ok', value: want });
  });
});

describe('within text, strings come as they are and other values as JSON', () => {
  test.each([
    [`on ${ref('input.day')}!`, 'on today!'],
    [`${ref('input.list')} `, '[1,{"a":null}] '],
    [`${ref('index')}${ref('index')}`, '33'],
    [`$${ref('input.day')}`, ref('input.day')],
    [`a $${ref('x')} ${ref('index')}`, `a ${ref('x')} 3`],
    [`$$${ref('input.day')}`, `$${ref('input.day')}`],
    ['$ {{ x }} $ { y }', '$ {{ x }} $ { y }'],
  ])('%s', (template, want) => {
    expect(resolved(template)).toBe(want);
  });
});

describe('what is missing is an error that names the reference', () => {
  test.each<[string, Scope, string]>([
    ['input.nope', scope, `${ref('input.nope')} has no value: there is no field "nope"`],
    ['input.list[9]', scope, `${ref('input.list[9]')} has no value: there is no element [9]`],
    ['input.day.x', scope, `${ref('input.day.x')} has no value: there is no field "x"`],
    [
      'input.list.length',
      scope,
      `${ref('input.list.length')} has no value: there is no field "length"`,
    ],
    ['tasks.b.output', scope, `${ref('tasks.b.output')} has no value: task "b" has no output`],
    ['input.day', {}, `${ref('input.day')} has no value: there is no input`],
    ['item', {}, `${ref('item')} has no value: the task has no "each"`],
    ['items[0]', {}, `${ref('items[0]')} has no value: the task has no "each"`],
    ['index', {}, `${ref('index')} has no value: the task has no "each"`],
    ['tasks.a.output', {}, `${ref('tasks.a.output')} has no value: task "a" has no output`],
    ['run.id', {}, `${ref('run.id')} has no value: there is no run`],
  ])('%s', (inner, within, message) => {
    expect(resolve({ a: ref(inner) }, within)).toEqual({ kind: 'error', message });
    expect(resolve(`text ${ref(inner)}`, within)).toEqual({ kind: 'error', message });
  });

  test.each(['toString', 'constructor', '__proto__', 'hasOwnProperty'])(
    'the inherited field %s',
    (field) => {
      expect(resolve(ref(`input.${field}`), { input: {} })).toMatchObject({ kind: 'error' });
      expect(resolve(ref(`input.${field}`), { input: [] })).toMatchObject({ kind: 'error' });
    },
  );

  test('a number names a field of a map, too', () => {
    expect(resolved(ref('input[0]'), { input: { 0: 'zero' } })).toBe('zero');
  });
});

describe('a template', () => {
  test('is itself, the same object, where it holds no reference', () => {
    const inner = { b: ['$', 1, null] };
    const template = { a: inner, c: ref('index') };
    expect(resolve(inner, scope)).toEqual({ kind: 'ok', value: inner });
    expect((resolved(inner) as object) === inner).toBe(true);
    expect((resolved(template) as { a: object }).a === inner).toBe(true);
  });

  test('may hold empty texts', () => {
    expect(resolved({ a: '', b: ref('index'), c: [null] })).toEqual({ a: '', b: 3, c: [null] });
  });

  test('is the same object also when it is large', () => {
    const list = Array.from({ length: 100 }, (_, n) => n);
    expect((resolved(list) as object) === list).toBe(true);
    const map = Object.fromEntries(list.map((n) => [`k${n}`, n]));
    expect((resolved(map) as object) === map).toBe(true);
    const large = { rows: Array.from({ length: 100 }, (_, n) => [n, `row ${n}`]) };
    expect((resolved(large) as object) === large).toBe(true);
    expect(parseTemplate(large)).toEqual({ kind: 'ok', references: [] });
  });

  test('is resolved in lists and maps, and twice the same', () => {
    const template = { a: [ref('index'), { b: ref('item.id') }], c: 'plain' };
    for (let turn = 0; turn < 2; turn++)
      expect(resolved(template)).toEqual({ a: [3, { b: 7 }], c: 'plain' });
  });

  test('tells its references with their pointers', () => {
    const template = {
      'a/b': ['x', ref('input.day')],
      '~': `${ref('tasks.t.output')} ${ref('index')}`,
    };
    expect(parseTemplate(template)).toEqual({
      kind: 'ok',
      references: [
        { root: 'input', text: 'input.day', path: ['day'], pointer: '/a~1b/1' },
        { root: 'task', task: 't', text: 'tasks.t.output', path: [], pointer: '/~0' },
        { root: 'index', text: 'index', path: [], pointer: '/~0' },
      ],
    });
  });

  test('with a mistake tells where, and cannot be resolved', () => {
    const template = { a: [0, `x ${ref('input.a * 2')}`], b: ref('nope') };
    expect(parseTemplate(template)).toEqual({
      kind: 'error',
      path: '/a/1',
      message: expect.stringMatching(/^unexpected "\* 2".*\(at character 15\)$/),
    });
    expect(resolve(template, scope).kind).toBe('error');
  });

  test('may have a key that would be a prototype', () => {
    const template = JSON.parse(`{"__proto__": "${ref('index')}"}`) as Json;
    const value = resolved(template) as object;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test('is one reference only with nothing around it', () => {
    expect(isReference(ref('item'))).toBe(true);
    expect([ref('item').concat(' '), 'item', 5, null, [ref('item')]].map(isReference)).toEqual(
      Array(5).fill(false),
    );
  });
});

describe('hostile templates', () => {
  const nested = (depth: number): Json => {
    let json: Json = ref('index');
    for (let level = 0; level < depth; level++) json = level % 2 ? [json] : { a: json };
    return json;
  };

  test('are refused when nested too deep, without an overflow', () => {
    expect(parseTemplate(nested(templateDepthMax)).kind).toBe('ok');
    for (const depth of [templateDepthMax + 1, 100_000])
      expect(parseTemplate(nested(depth))).toMatchObject({ message: 'nested more than 64 deep' });
  });

  test('are refused when they hold millions of values', () => {
    const wide = Array(2_000_001).fill(0);
    expect(parseTemplate(wide)).toMatchObject({ message: 'holds more than 2000000 values' });
    expect(parseTemplate({ a: wide })).toMatchObject({ kind: 'error', path: '/a' });
    const many = Object.fromEntries(
      Array.from({ length: 3 }, (_, n) => [n, Array(900_000).fill(0)]),
    );
    expect(parseTemplate(many)).toMatchObject({ kind: 'error', path: '/2' });
  });

  test('cannot make endless text', () => {
    const template = ref('input').repeat(20).concat('.');
    const input = 'x'.repeat(1_000_000);
    expect(resolve(template, { input })).toMatchObject({
      message: 'a text with references is longer than 16777216 characters',
    });
  });

  test('cannot print what is nested too deep', () => {
    let input: Json = [];
    for (let level = 0; level < 100_000; level++) input = [input];
    expect(resolve(`a ${ref('input')}`, { input })).toMatchObject({
      message: `${ref('input')} is nested too deep to be put into a text`,
    });
  });

  test('as strings, in any number, are not kept for ever', () => {
    for (let n = 0; n < 2_100; n++) expect(resolved(`${n} ${ref('index')}`)).toBe(`${n} 3`);
  });
});

test('any JSON without references stays what it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (json) => {
      const template = JSON.parse(JSON.stringify(json).replaceAll('${{', '')) as Json;
      expect(resolve(template, {})).toEqual({ kind: 'ok', value: template });
    }),
  );
});

test('any input is found again at its place', () => {
  fc.assert(
    fc.property(fc.string(), fc.jsonValue({ maxDepth: 2 }), (key, json) => {
      const input = JSON.parse(JSON.stringify([{ [key]: json }])) as Json;
      const path = `[0][${JSON.stringify(key)}]`;
      expect(resolved(ref(`input${path}`), { input })).toEqual(JSON.parse(JSON.stringify(json)));
    }),
  );
});

test('a small template is resolved in a microsecond or so', () => {
  const template = { seconds: ref('item.seconds') };
  const within: Scope = { items: [{ seconds: 1 }] };
  for (let n = 0; n < 10_000; n++) resolve(template, within);
  const taken = processorTime();
  for (let n = 0; n < 100_000; n++) resolve(template, within);
  // Ten times what it takes.
  expect(taken()).toBeLessThan(1_000);
});
