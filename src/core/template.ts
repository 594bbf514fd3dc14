import type { Json, JsonObject } from '../contract/json.ts';
import { parseReference, type Step } from './reference-text.ts';

/** One `${{ … }}` of a template. */
export interface Reference {
  /** As written, without the braces: `tasks.extract.output.files`. */
  readonly text: string;
  readonly root: 'input' | 'task' | 'item' | 'items' | 'index' | 'run';
  /** The task whose output is meant; only of root `task`. */
  readonly task?: string;
  /** What follows the root. Of root `items` the first step is the level of nesting, the outermost is 0. */
  readonly path: readonly Step[];
  /** JSON pointer of the string that holds it. */
  readonly pointer: string;
}

export type ParsedTemplate =
  | { readonly kind: 'ok'; readonly references: readonly Reference[] }
  | { readonly kind: 'error'; readonly message: string; readonly path: string };

/** How many lists and maps may lie in each other. */
export const templateDepthMax = 64;
const NODES_MAX = 2_000_000;
const STRINGS_CACHED_MAX = 1_000;

export type Node =
  | { readonly kind: 'same'; readonly value: Json }
  | { readonly kind: 'reference'; readonly reference: Reference }
  | { readonly kind: 'text'; readonly parts: readonly (string | Reference)[] }
  | { readonly kind: 'list'; readonly nodes: readonly Node[] }
  | { readonly kind: 'map'; readonly keys: readonly string[]; readonly nodes: readonly Node[] };

export interface Compiled {
  readonly node: Node;
  readonly parsed: ParsedTemplate;
}

export const noReferences: ParsedTemplate = { kind: 'ok', references: [] };
const ofObjects = new WeakMap<object, Compiled>();
const ofStrings = new Map<string, Compiled>();

export const isPlain = (template: Json): template is Exclude<Json, object> =>
  typeof template === 'string'
    ? !template.includes('${{')
    : typeof template !== 'object' || template === null;

/** Whether this very object was compiled before. */
export const isCompiled = (template: Json): boolean =>
  typeof template === 'object' && template !== null && ofObjects.has(template);

/** What is compiled is kept: objects by identity for as long as they live, strings for a while. */
export function compiled(template: Json): Compiled {
  if (typeof template === 'object' && template !== null) return compiledObject(template);
  const known = ofStrings.get(template as string);
  if (known !== undefined) return known;
  const made = compile(template);
  if (ofStrings.size >= STRINGS_CACHED_MAX) ofStrings.clear();
  ofStrings.set(template as string, made);
  return made;
}

function compiledObject(template: readonly Json[] | JsonObject): Compiled {
  let known = ofObjects.get(template);
  if (known === undefined) {
    known = compile(template);
    ofObjects.set(template, known);
  }
  return known;
}

/** What is found on the way through a template; the first refusal stays. */
interface Work {
  readonly references: Reference[];
  nodesLeft: number;
  refusal: { readonly message: string; readonly path: string } | undefined;
}

function compile(template: Json): Compiled {
  const work: Work = { references: [], nodesLeft: NODES_MAX, refusal: undefined };
  const node = compileNode(template, '', 0, work);
  if (work.refusal !== undefined) return { node, parsed: { kind: 'error', ...work.refusal } };
  const references = work.references;
  return { node, parsed: references.length === 0 ? noReferences : { kind: 'ok', references } };
}

function refuse(work: Work, message: string, path: string): Node {
  work.refusal ??= { message, path };
  return { kind: 'same', value: null };
}

function compileNode(template: Json, pointer: string, depth: number, work: Work): Node {
  if (typeof template === 'string') return compileString(template, pointer, work);
  if (typeof template !== 'object' || template === null) return { kind: 'same', value: template };
  if (depth >= templateDepthMax)
    return refuse(work, `nested more than ${templateDepthMax} deep`, pointer);
  return Array.isArray(template)
    ? compileList(template, pointer, depth, work)
    : compileMap(template as JsonObject, pointer, depth, work);
}

function compileList(list: readonly Json[], pointer: string, depth: number, work: Work): Node {
  work.nodesLeft -= list.length;
  if (work.nodesLeft < 0) return refuse(work, tooMany, pointer);
  const nodes = list.map((item, index) =>
    isPlain(item)
      ? { kind: 'same' as const, value: item }
      : compileNode(item, `${pointer}/${index}`, depth + 1, work),
  );
  if (nodes.every((node, index) => isUnchanged(node, list[index] as Json)))
    return { kind: 'same', value: list };
  return { kind: 'list', nodes };
}

function compileMap(map: JsonObject, pointer: string, depth: number, work: Work): Node {
  const keys = Object.keys(map);
  work.nodesLeft -= keys.length;
  if (work.nodesLeft < 0) return refuse(work, tooMany, pointer);
  const nodes = keys.map((key) =>
    compileNode(map[key] as Json, `${pointer}/${escapePointer(key)}`, depth + 1, work),
  );
  if (nodes.every((node, index) => isUnchanged(node, map[keys[index] as string] as Json)))
    return { kind: 'same', value: map };
  return { kind: 'map', keys, nodes };
}

const tooMany = `holds more than ${NODES_MAX} values`;

const isUnchanged = (node: Node, value: Json): boolean =>
  node.kind === 'same' && node.value === value;

export const escapePointer = (key: string): string =>
  key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;

/** Cuts a string at its references: `a ${{ b }} c` is `a `, reference, ` c`. */
function compileString(text: string, pointer: string, work: Work): Node {
  const parts: (string | Reference)[] = [];
  let literal = '';
  let from = 0;
  for (let open = text.indexOf('${{'); open >= 0; open = text.indexOf('${{', from)) {
    if (open > from && text[open - 1] === '$') {
      literal += `${text.slice(from, open - 1)}\${{`;
      from = open + 3;
      continue;
    }
    literal += text.slice(from, open);
    if (literal !== '') parts.push(literal);
    literal = '';
    const parsed = parseReference(text, open + 3);
    if (parsed.kind === 'error')
      return refuse(work, `${parsed.message} (at character ${parsed.at + 1})`, pointer);
    parts.push({ ...parsed.reference, pointer });
    from = parsed.end;
  }
  literal += text.slice(from);
  if (literal !== '') parts.push(literal);
  return nodeOf(parts, work);
}

function nodeOf(parts: readonly (string | Reference)[], work: Work): Node {
  for (const part of parts) if (typeof part === 'object') work.references.push(part);
  const only = parts[0] ?? '';
  if (parts.length > 1) return { kind: 'text', parts };
  return typeof only === 'object'
    ? { kind: 'reference', reference: only }
    : { kind: 'same', value: only };
}
