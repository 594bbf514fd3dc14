import type { Json } from '../contract/json.ts';
import type { Mistakes } from './mistakes.ts';
import { didYouMean } from './suggest.ts';
import { type Entry, kindOf, type Node, quoted } from './tree.ts';

/** Keys that workflows of this kind will have one day. Better refused than ignored. */
const notYet = new Set([
  'approval',
  'artifacts',
  'cache',
  'catch',
  'cost-limit',
  'finally',
  'idempotency-key',
  'if',
  'image',
  'labels',
  'limits',
  'lock',
  'loop',
  'max-parallel',
  'notify',
  'on-failure',
  'on-success',
  'outputs',
  'output',
  'placement',
  'priority',
  'rate-limit',
  'secrets',
  'services',
  'sla',
  'tags',
  'triggers',
  'until',
  'version',
  'volumes',
  'wait',
  'webhook',
]);

const resourceWords = new Set(['cpu', 'memory', 'disk', 'gpu']);

export type Fields = ReadonlyMap<string, Entry>;
const noFields: Fields = new Map();

/** The entries of a map that may have only these keys. Another kind of node is a mistake, and has none. */
export function fieldsOf(
  node: Node,
  what: string,
  known: ReadonlySet<string>,
  mistakes: Mistakes,
): Fields {
  if (node.kind !== 'map') {
    mistakes.add(node, `${what} must be a map, not ${kindOf(node)}`);
    return noFields;
  }
  const fields = new Map<string, Entry>();
  for (const entry of node.entries) {
    if (known.has(entry.key)) fields.set(entry.key, entry);
    else mistakes.add(entry, unknownKey(entry.key, known));
  }
  return fields;
}

export function unknownKey(key: string, known: ReadonlySet<string>): string {
  if (resourceWords.has(key) && known.has('resources'))
    return `unknown key ${quoted(key)} here: it belongs in "resources", as in resources: { ${key}: … }`;
  if (notYet.has(key)) return `${quoted(key)} is not supported yet by this version`;
  return `unknown key ${quoted(key)}${didYouMean(key, known)}`;
}

/** The value of a field as JSON. The tree's depth is bounded, so recursion is too. */
export function jsonOf(node: Node): Json {
  if (node.kind === 'value') return node.value;
  if (node.kind === 'list') return node.items.map(jsonOf);
  const map: Record<string, Json> = {};
  for (const entry of node.entries) map[entry.key] = jsonOf(entry.value);
  return map;
}

export function textOf(entry: Entry, mistakes: Mistakes): string | undefined {
  const node = entry.value;
  if (node.kind !== 'value' || typeof node.value !== 'string')
    return mistakes.add(
      node,
      `${quoted(entry.key)} must be a text, not ${kindOf(node)}${hint(node)}`,
    );
  if (node.value === '') return mistakes.add(node, `${quoted(entry.key)} must not be empty`);
  return node.value;
}

/** Numbers and truth values where a text belongs are most often texts that lack their quotes. */
const hint = (node: Node): string =>
  node.kind === 'value' && node.value !== null ? ': write it in quotes' : '';

export function flagOf(entry: Entry, mistakes: Mistakes): boolean | undefined {
  const node = entry.value;
  if (node.kind === 'value' && typeof node.value === 'boolean') return node.value;
  return mistakes.add(node, `${quoted(entry.key)} must be true or false, not ${kindOf(node)}`);
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function wholeOf(entry: Entry, range: Range, mistakes: Mistakes): number | undefined {
  return wholeNumber(entry.value, quoted(entry.key), range, mistakes);
}

export function wholeNumber(
  node: Node,
  what: string,
  { min, max }: Range,
  mistakes: Mistakes,
): number | undefined {
  const value = node.kind === 'value' ? node.value : undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max)
    return value;
  const found = kindOf(node);
  return mistakes.add(node, `${what} must be a whole number from ${min} to ${max}, not ${found}`);
}

export function oneOf<Word extends string>(
  entry: Entry,
  words: readonly Word[],
  mistakes: Mistakes,
): Word | undefined {
  const node = entry.value;
  const value = node.kind === 'value' ? node.value : undefined;
  if (words.includes(value as Word)) return value as Word;
  const near = typeof value === 'string' ? didYouMean(value, words) : '';
  return mistakes.add(
    node,
    `${quoted(entry.key)} must be ${listed(words)}, not ${kindOf(node)}${near}`,
  );
}

/** `a, b or c` */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

/** One text, or a list of them. */
export function textsOf(
  entry: Entry,
  mistakes: Mistakes,
): { text: string; node: Node }[] | undefined {
  const nodes = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  const texts: { text: string; node: Node }[] = [];
  for (const node of nodes) {
    const text = textOf({ key: entry.key, at: node.at, value: node }, mistakes);
    if (text === undefined) return undefined;
    texts.push({ text, node });
  }
  return texts;
}
