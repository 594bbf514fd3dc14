import type { Json, JsonObject } from '../contract/json.ts';
import { Problem, type ProblemDetail } from '../contract/problem.ts';
import type { InputField, Workflow } from '../contract/workflow.ts';

/** The input with defaults filled in, checked against what the workflow declares. */
export function withDefaults(workflow: Workflow, given: JsonObject, pointer: string): JsonObject {
  const declared = workflow.input;
  if (declared === undefined) return given;
  const known = Object.keys(declared).join(', ') || 'none';
  const mistakes: ProblemDetail[] = Object.keys(given)
    .filter((name) => !Object.hasOwn(declared, name))
    .map((name) => ({
      pointer: `${pointer}/input/${name}`,
      message: `unknown input ${name} (the workflow knows ${known})`,
    }));
  const input: Record<string, Json> = {};
  for (const [name, field] of Object.entries(declared)) {
    const value = Object.hasOwn(given, name) ? given[name] : field.default;
    const message = mistakeIn(name, field, value);
    if (message === undefined) input[name] = value as Json;
    else mistakes.push({ pointer: `${pointer}/input/${name}`, message });
  }
  if (mistakes.length > 0)
    throw new Problem('input-invalid', mistakes.map(({ message }) => message).join('; '), mistakes);
  return input;
}

function mistakeIn(name: string, field: InputField, value: Json | undefined): string | undefined {
  if (value === undefined) return `input ${name} is missing`;
  return fits(field.type, value) ? undefined : `input ${name} is not of type ${field.type}`;
}

function fits(type: InputField['type'], value: Json): boolean {
  switch (type) {
    case 'any':
      return true;
    case 'integer':
      return Number.isInteger(value);
    case 'list':
      return Array.isArray(value);
    case 'map':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'string':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
  }
}
