/** What a file says, with the place of each part, before anything is known of its meaning. */
export type Node = MapNode | ListNode | ValueNode;

export interface MapNode {
  readonly kind: 'map';
  /** Offset in the text; -1: it came from no text. */
  readonly at: number;
  readonly entries: readonly Entry[];
}
export interface Entry {
  readonly key: string;
  readonly at: number;
  readonly value: Node;
}
export interface ListNode {
  readonly kind: 'list';
  readonly at: number;
  readonly items: readonly Node[];
}
export interface ValueNode {
  readonly kind: 'value';
  readonly at: number;
  readonly value: string | number | boolean | null;
}

/** A mistake in the text itself. */
export interface TextMistake {
  readonly at: number;
  readonly message: string;
}
export type ParsedText =
  | { readonly kind: 'tree'; readonly root: Node }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly TextMistake[] };

/** How deep maps and lists may lie in each other. */
export const depthMax = 100;
export const tooDeep = `maps and lists lie more than ${depthMax} deep in each other`;

/** A key that would set the prototype of an object that it is put into. */
export const forbiddenKey = '__proto__';

export const isMap = (node: Node): node is MapNode => node.kind === 'map';

export const entryOf = (map: MapNode, key: string): Entry | undefined =>
  map.entries.find((entry) => entry.key === key);

const quotedMax = 60;

/** A name as messages show it: in quotes, on one line, shortened, with nothing in it that a terminal obeys. */
export function quoted(text: string): string {
  const short = text.length > quotedMax ? `${text.slice(0, quotedMax)}…` : text;
  return `"${visible(short)}"`;
}

/** Shows control characters, line ends and marks that change the direction of writing as escapes. */
export const visible = (text: string): string =>
  text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = (character.codePointAt(0) as number).toString(16);
    return `\\u${code.length > 4 ? `{${code}}` : code.padStart(4, '0')}`;
  });

/** What kind of thing a node is, in the words of messages. */
export function kindOf(node: Node): string {
  if (node.kind !== 'value') return `a ${node.kind}`;
  if (node.value === null) return 'nothing';
  if (typeof node.value === 'string') return `the text ${quoted(node.value)}`;
  return `${typeof node.value === 'number' ? 'the number' : 'the value'} ${node.value}`;
}

export function duplicate(key: string, firstAt: number, text: string): string {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < firstAt; at = text.indexOf('\n', at + 1))
    line++;
  return `duplicate key ${quoted(key)}, which is in line ${line} already`;
}
