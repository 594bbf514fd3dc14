import type { Json, JsonObject } from '../contract/json.ts';
import type { Step } from './reference-text.ts';
import {
  compiled,
  isCompiled,
  isPlain,
  type Node,
  noReferences,
  type ParsedTemplate,
  type Reference,
} from './template.ts';

/** What references are looked up in. What a task does not have is left out, and a reference to it is an error. */
export interface Scope {
  readonly input?: Json;
  /** The output of a task; undefined: it has none. */
  readonly output?: (task: string) => Json | undefined;
  /** Of a map's sub-task: the elements it stands for, outermost first; `item` is the last. */
  readonly items?: readonly Json[];
  /** Of a map's sub-task: the place of `item` in its list. */
  readonly index?: number;
  readonly run?: { readonly id: string };
}

export type Resolved =
  | { readonly kind: 'ok'; readonly value: Json }
  | { readonly kind: 'error'; readonly message: string };

const TEXT_LENGTH_MAX = 16 * 1024 * 1024;
/** Templates of up to so many values are looked through each time instead of being kept. */
const SMALL = 40;

/** Finds a template's references. The path of an error is a JSON pointer into the template. */
export function parseTemplate(template: Json): ParsedTemplate {
  return holdsNothing(template) ? noReferences : compiled(template).parsed;
}

/** Whether a template is one reference and nothing else. */
export const isReference = (template: Json): boolean =>
  typeof template === 'string' &&
  !isPlain(template) &&
  compiled(template).node.kind === 'reference';

/**
 * Puts values in the place of references. A string that is one reference, and nothing else, becomes the value with its
 * type; within other text, strings come as they are and other values as JSON. What holds no reference stays the same
 * object. `$${{` stands for `${{`.
 */
export function resolve(template: Json, scope: Scope): Resolved {
  if (holdsNothing(template)) return { kind: 'ok', value: template };
  const { node, parsed } = compiled(template);
  if (parsed.kind === 'error') return { kind: 'error', message: parsed.message };
  if (node.kind === 'same') return { kind: 'ok', value: node.value };
  const look: Look = { scope, refusal: undefined };
  const value = build(node, look);
  return look.refusal === undefined
    ? { kind: 'ok', value }
    : { kind: 'error', message: look.refusal };
}

/** Cheaper than a compilation and a place in the cache, for the many small templates that are used once. */
function holdsNothing(template: Json): boolean {
  return !isCompiled(template) && nothingIn(template, SMALL) > 0;
}

/** How many of the values that may be looked at are left; 0: something was found, or the template is not small. */
function nothingIn(template: Json, left: number): number {
  if (typeof template !== 'object' || template === null) return isPlain(template) ? left : 0;
  let rest = left - 1;
  if (Array.isArray(template)) {
    for (let i = 0; i < template.length && rest > 0; i++) rest = nothingIn(template[i], rest - 1);
    return Math.max(rest, 0);
  }
  for (const key in template) {
    if (rest <= 0) return 0;
    rest = nothingIn((template as JsonObject)[key] as Json, rest - 1);
  }
  return Math.max(rest, 0);
}

interface Look {
  readonly scope: Scope;
  /** The first reference without a value. */
  refusal: string | undefined;
}

function build(node: Node, look: Look): Json {
  switch (node.kind) {
    case 'same':
      return node.value;
    case 'reference':
      return lookUp(node.reference, look);
    case 'text':
      return textOf(node.parts, look);
    case 'list':
      return node.nodes.map((inner) => build(inner, look));
    case 'map':
      return mapOf(node.keys, node.nodes, look);
  }
}

function mapOf(keys: readonly string[], nodes: readonly Node[], look: Look): Json {
  const map: Record<string, Json> = {};
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const value = build(nodes[i] as Node, look);
    // An assignment to `__proto__` would set the prototype.
    if (key === '__proto__')
      Object.defineProperty(map, key, {
        value,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    else map[key] = value;
  }
  return map;
}

function textOf(parts: readonly (string | Reference)[], look: Look): string {
  let text = '';
  for (const part of parts) {
    text += typeof part === 'string' ? part : printed(part, lookUp(part, look), look);
    if (text.length > TEXT_LENGTH_MAX) {
      look.refusal ??= `a text with references is longer than ${TEXT_LENGTH_MAX} characters`;
      return '';
    }
  }
  return text;
}

function printed(reference: Reference, value: Json, look: Look): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value);
  } catch {
    look.refusal ??= `\${{ ${reference.text} }} is nested too deep to be put into a text`;
    return '';
  }
}

function lookUp(reference: Reference, look: Look): Json {
  let value = rootOf(reference, look.scope);
  if (value === undefined) return missing(reference, look, whyRoot(reference));
  const path = reference.path;
  for (let i = 0; i < path.length; i++) {
    value = stepInto(value, path[i] as Step);
    if (value === undefined) return missing(reference, look, whyStep(path[i] as Step));
  }
  return value;
}

function rootOf(reference: Reference, scope: Scope): Json | undefined {
  switch (reference.root) {
    case 'input':
      return scope.input;
    case 'task':
      return scope.output?.(reference.task as string);
    case 'item':
      return scope.items?.[scope.items.length - 1];
    case 'items':
      return scope.items;
    case 'index':
      return scope.index;
    case 'run':
      return scope.run && { id: scope.run.id };
  }
}

/** Own fields of maps and elements of lists; nothing else of an object can be seen. */
function stepInto(value: Json, step: Step): Json | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  const key = typeof step === 'number' ? String(step) : step;
  return Object.hasOwn(value, key) ? (value as JsonObject)[key] : undefined;
}

function missing(reference: Reference, look: Look, why: string): Json {
  look.refusal ??= `\${{ ${reference.text} }} has no value: ${why}`;
  return null;
}

function whyRoot(reference: Reference): string {
  if (reference.root === 'task') return `task "${reference.task}" has no output`;
  if (reference.root === 'input') return 'there is no input';
  if (reference.root === 'run') return 'there is no run';
  return 'the task has no "each"';
}

const whyStep = (step: Step): string =>
  typeof step === 'number' ? `there is no element [${step}]` : `there is no field "${step}"`;
