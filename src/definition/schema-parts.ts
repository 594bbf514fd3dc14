import { invariant } from '../core/invariant.ts';

export type Schema = { readonly [key: string]: unknown };

export const ref = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
export const text: Schema = { type: 'string', minLength: 1 };
export const anything: Schema = {};
export const whole = ({ min, max }: { min: number; max: number }): Schema => ({
  type: 'integer',
  minimum: min,
  maximum: max,
});
export const listOf = (items: Schema, more: Schema = {}): Schema => ({
  type: 'array',
  items,
  ...more,
});
export const oneOrMore = (items: Schema): Schema => ({
  anyOf: [items, listOf(items, { minItems: 1 })],
});
export const said = (description: string, schema: Schema): Schema => ({ description, ...schema });

/** A map with only these keys, the ones that are read: each must be described. */
export function mapOf(keys: Iterable<string>, described: Readonly<Record<string, Schema>>): Schema {
  const properties: Record<string, Schema> = {};
  for (const key of keys) {
    const schema = described[key];
    invariant(schema, `the schema describes "${key}"`);
    properties[key] = schema;
  }
  return { type: 'object', properties, additionalProperties: false };
}
