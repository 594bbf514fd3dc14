import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { Problem } from '../../src/contract/problem.ts';
import { parseWorkflowText } from '../../src/definition/parse.ts';
import { printYaml } from '../../src/definition/print.ts';
import { authorSchema, printSchema } from '../../src/definition/schema.ts';
import { workflows } from './arbitraries.ts';

type Schema = Readonly<Record<string, unknown>>;
type Rule = (limit: never, value: never, schema: Schema) => boolean;

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isMap,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
};
const ifText = (test: (text: string) => boolean, value: unknown) =>
  typeof value !== 'string' || test(value);
const ifNumber = (test: (n: number) => boolean, value: unknown) =>
  typeof value !== 'number' || test(value);
const ifList = (test: (list: unknown[]) => boolean, value: unknown) =>
  !Array.isArray(value) || test(value);
const ifMap = (test: (map: Record<string, unknown>) => boolean, value: unknown) =>
  !isMap(value) || test(value);

/** The keywords that our schema uses; another one fails the test. */
const rules: Readonly<Record<string, Rule>> = {
  $ref: (ref: string, value) =>
    fits((authorSchema.$defs as Record<string, Schema>)[ref.slice(8)] as Schema, value),
  type: (type: string | string[], value) => [type].flat().some((one) => types[one]?.(value)),
  enum: (list: unknown[], value) => list.includes(value),
  const: (want: unknown, value) => value === want,
  anyOf: (list: Schema[], value) => list.some((schema) => fits(schema, value)),
  oneOf: (list: Schema[], value) => list.filter((schema) => fits(schema, value)).length === 1,
  pattern: (pattern: string, value) => ifText((text) => new RegExp(pattern, 'u').test(text), value),
  minLength: (min: number, value) => ifText((text) => text.length >= min, value),
  minimum: (min: number, value) => ifNumber((n) => n >= min, value),
  maximum: (max: number, value) => ifNumber((n) => n <= max, value),
  minItems: (min: number, value) => ifList((list) => list.length >= min, value),
  maxItems: (max: number, value) => ifList((list) => list.length <= max, value),
  items: (schema: Schema, value) =>
    ifList((list) => list.every((item) => fits(schema, item)), value),
  minProperties: (min: number, value) => ifMap((map) => Object.keys(map).length >= min, value),
  required: (keys: string[], value) => ifMap((map) => keys.every((key) => key in map), value),
  propertyNames: (schema: Schema, value) =>
    ifMap((map) => Object.keys(map).every((key) => fits(schema, key)), value),
  properties: (described: Record<string, Schema>, value) =>
    ifMap(
      (map) =>
        Object.entries(described).every(([key, schema]) => !(key in map) || fits(schema, map[key])),
      value,
    ),
  additionalProperties: (more: false | Schema, value, { properties }) =>
    ifMap(
      (map) =>
        Object.keys(map).every(
          (key) =>
            key in ((properties as object) ?? {}) || (more !== false && fits(more, map[key])),
        ),
      value,
    ),
};
const ignored = new Set(['$schema', '$defs', 'title', 'description']);

function fits(schema: Schema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, limit]) => {
    if (ignored.has(keyword)) return true;
    const rule = rules[keyword];
    if (rule === undefined) throw new Error(`unknown keyword ${keyword}`);
    return rule(limit as never, value as never, schema);
  });
}

test('the published file is what the code prints: run `node tools/print-schema.ts`', () => {
  const file = join(import.meta.dirname, '../../docs/workflow.schema.json');
  expect(readFileSync(file, 'utf8')).toBe(printSchema());
});

test('every sound workflow fits, as it is printed', () => {
  fc.assert(
    fc.property(workflows, (workflow) => {
      expect(fits(authorSchema, parse(printYaml(workflow)))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

describe('files fit the schema just when they are read', () => {
  const isRead = (text: string): boolean => {
    try {
      parseWorkflowText(text);
      return true;
    } catch (error) {
      if (error instanceof Problem) return false;
      throw error;
    }
  };
  test.each([
    '{ run: x }',
    '{ run: x, retries: 1, backoff: 10s }',
    '{ run: x, retries: 1, backoff: 10s..5m }',
    '{ run: x, retries: 1, backoff: 1m30s .. 5m }',
    '{ run: x, retries: 1, backoff: 10 }',
    '{ run: x, retries: 1, backoff: { shape: fixed, delays: 5 } }',
    '{ run: x, retries: -1 }',
    '{ run: x, retry: { on: [{ exit-code: [1, 2], error: E, reason: lost }] } }',
    '{ run: x, retry: { on: [{ exit-code: 300 }] } }',
    '{ run: x, timeout: 5 }',
    '{ run: x, timeout: 5 m }',
    '{ run: x, when: always }',
    '{ run: x, when: sometimes }',
    '{ run: x, needs: [z], when: { at-least: 50% } }',
    '{ run: x, needs: [z], when: { at-least: half } }',
    '{ run: x, needs: z, when: {} }',
    '{ run: x, shell: y }',
    '{ command: [a, b] }',
    '{ command: [] }',
    '{ command: a }',
    '{ script: { path: a.py } }',
    '{ script: {} }',
    '{ function: { path: a.py, name: f } }',
    '{ function: [] }',
    '{ sequence: [a, { run: b, name: s, with: 5 }] }',
    '{ sequence: [{}] }',
    '{ tandem: [] }',
    '{ none: true }',
    '{ none: false }',
    '{ run: x, each: [1] }',
    '{ run: x, each: { levels: [[1], [2]] } }',
    '{ run: x, each: { levels: [] } }',
    '{ run: x, each: text }',
    '{ run: x, env: { A: b } }',
    '{ run: x, env: { A: 1 } }',
    '{ run: x, env: { A-B: c } }',
    '{ run: x, pool: a b }',
    '{ run: x, may-fail: 1 }',
    '{ run: x, delivery: sure }',
    '{ run: x, on-lost: fail, lost-max: 3 }',
    '{ run: x, unknown: 1 }',
    '{}',
    'x',
  ])('%s', (task) => {
    const text = `name: n\ninput: { d: string, e: { type: any } }\ntasks: { a: ${task}, z: { run: y } }\n`;
    expect(fits(authorSchema, parse(text))).toBe(isRead(text));
  });

  test.each([
    'name: n\n',
    'tasks: { a: { run: x } }\n',
    'name: n\ntasks: {}\n',
    'name: a b\ntasks: { a: { run: x } }\n',
    'name: n\ninput: { d: date }\ntasks: { a: { run: x } }\n',
    'name: n\ndefaults: { needs: x }\ntasks: { a: { run: x } }\n',
    'name: n\ntasks: { a/b: { run: x } }\n',
    'name: n\nx: 1\ntasks: { a: { run: x } }\n',
  ])('%j', (text) => {
    expect(fits(authorSchema, parse(text))).toBe(false);
    expect(isRead(text)).toBe(false);
  });
});
