import { describe, expect, test } from '@jest/globals';
import { compiled, escapePointer, isCompiled, isPlain } from '../../src/core/template.ts';

const ref = (inner: string): string => `\${{ ${inner} }}`;

test('pointers escape slashes and tildes', () => {
  expect(['a', 'a/b', '~', '~1'].map(escapePointer)).toEqual(['a', 'a~1b', '~0', '~01']);
});

test('values that are no lists or maps, and texts without a reference, are plain', () => {
  expect([null, 1, true, '', '$ {{', 'a'].map(isPlain)).toEqual(Array(6).fill(true));
  expect([ref('item'), [], {}, [1]].map(isPlain)).toEqual(Array(4).fill(false));
});

describe('a template is compiled', () => {
  test('once for each object, and once in a while for each text', () => {
    const template = { a: ref('index') };
    expect(isCompiled(template)).toBe(false);
    const first = compiled(template);
    expect(isCompiled(template)).toBe(true);
    expect(compiled(template) === first).toBe(true);
    expect(compiled({ a: ref('index') }) === first).toBe(false);
    const text = compiled(ref('index'));
    expect(compiled(ref('index')) === text).toBe(true);
    expect(isCompiled(ref('index'))).toBe(false);
  });

  test('to a tree in which what holds no reference is left whole', () => {
    const kept = { b: [1] };
    expect(
      compiled({ kept, list: [ref('index'), 'x', null], text: `${ref('run.id')}.` }).node,
    ).toEqual({
      kind: 'map',
      keys: ['kept', 'list', 'text'],
      nodes: [
        { kind: 'same', value: kept },
        {
          kind: 'list',
          nodes: [
            {
              kind: 'reference',
              reference: { root: 'index', text: 'index', path: [], pointer: '/list/0' },
            },
            { kind: 'same', value: 'x' },
            { kind: 'same', value: null },
          ],
        },
        {
          kind: 'text',
          parts: [{ root: 'run', text: 'run.id', path: ['id'], pointer: '/text' }, '.'],
        },
      ],
    });
  });

  test('with its first mistake, where there is one', () => {
    expect(compiled([ref('a'), ref('b')]).parsed).toMatchObject({ kind: 'error', path: '/0' });
  });
});
