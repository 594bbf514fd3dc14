import type { Json } from '../contract/json.ts';
import { InputField, namePattern } from '../contract/workflow.ts';
import { fieldsOf, jsonOf, listed, oneOf, textOf } from './fields.ts';
import type { Mistakes } from './mistakes.ts';
import { badName } from './read-run.ts';
import { type Entry, isMap, kindOf, type Node, quoted } from './tree.ts';

export const inputKeys: ReadonlySet<string> = new Set(['type', 'default', 'description']);
export const inputTypes = InputField.shape.type.options;
type InputType = InputField['type'];

/** Fields of the input: `day: string`, or `day: { type: string, default: today }`. */
export function readInput(node: Node, mistakes: Mistakes): Record<string, InputField> {
  const input: Record<string, InputField> = {};
  if (node.kind !== 'map') {
    mistakes.add(node, `"input" must be a map of fields, not ${kindOf(node)}`);
    return input;
  }
  for (const entry of node.entries) {
    if (!namePattern.test(entry.key)) mistakes.add(entry, badName(entry.key));
    const field = readField(entry, mistakes);
    if (field !== undefined) input[entry.key] = field;
  }
  return input;
}

function readField(entry: Entry, mistakes: Mistakes): InputField | undefined {
  if (!isMap(entry.value)) {
    const type = oneOf(entry, inputTypes, mistakes);
    return type && { type };
  }
  const fields = fieldsOf(entry.value, `the input ${quoted(entry.key)}`, inputKeys, mistakes);
  const typed = fields.get('type');
  if (typed === undefined)
    return mistakes.add(
      entry,
      `the input ${quoted(entry.key)} needs a type: ${listed(inputTypes)}`,
    );
  const type = oneOf(typed, inputTypes, mistakes);
  if (type === undefined) return undefined;
  const preset = fields.get('default');
  const value = preset && jsonOf(preset.value);
  if (preset !== undefined && !hasType(type, value as Json))
    mistakes.add(preset.value, `the default must be of type ${type}, not ${kindOf(preset.value)}`);
  const described = fields.get('description');
  const description = described && textOf(described, mistakes);
  return { type, ...(preset && { default: value }), ...(description && { description }) };
}

const isObject = (value: Json): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const tests: Readonly<Record<InputType, (value: Json) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isSafeInteger(value),
  boolean: (value) => typeof value === 'boolean',
  list: (value) => Array.isArray(value),
  map: isObject,
  any: () => true,
};

/** Whether a value may be given for a field of that type. */
export const hasType = (type: InputType, value: Json): boolean => tests[type](value);
