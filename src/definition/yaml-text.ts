import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isScalar,
  isSeq,
  Lexer,
  type ParsedNode,
  Parser,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { invariant } from '../core/invariant.ts';
import { mistakesMax } from './mistakes.ts';
import {
  depthMax,
  duplicate,
  type Entry,
  forbiddenKey,
  type Node,
  type ParsedText,
  quoted,
  type TextMistake,
  tooDeep,
} from './tree.ts';

/** About 100,000 tasks; the YAML package takes some 400 bytes of memory for each token. */
const TOKENS_MAX = 2_000_000;
/** How many mistakes are gathered; several of one line count as one. */
const GATHERED_MAX = 1_000;
/** How many values aliases may stand for, all together. */
const ALIASED_MAX = 10_000;
/** What the parser holds open besides maps and lists: the document and a scalar. */
const STACK_EXTRA = 3;

const plainTags = ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map(
  (name) => `tag:yaml.org,2002:${name}`,
);

/** Reads YAML 1.2 (core schema), and so JSON as well. */
export function parseYaml(text: string): ParsedText {
  const { tokens, mistakes } = tokenize(text);
  // What is too deep or too much must not come near the composer, which recurs.
  if (tokens === undefined) return { kind: 'mistakes', mistakes };
  const composed = compose(tokens, text);
  const [document, second] = composed.documents;
  mistakes.push(...composed.mistakes);
  if (second)
    mistakes.push({ at: second.range[0], message: 'a second document: a file holds one workflow' });
  if (mistakes.length > 0) return { kind: 'mistakes', mistakes: firstOfLines(mistakes, text) };
  invariant(document, 'the composer makes a document even of nothing');
  return new Converter(text).convert(document);
}

interface Tokenized {
  /** Undefined: the text is refused as a whole. */
  readonly tokens: CST.Token[] | undefined;
  readonly mistakes: TextMistake[];
}

/** The package builds a document by recursion, so depth and size are bounded here, before. */
function tokenize(text: string): Tokenized {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  const mistakes: TextMistake[] = [];
  const take = (token: CST.Token): void => {
    if (token.type !== 'error') tokens.push(token);
    else mistakes.push({ at: token.offset, message: explained(token.message, token.offset, text) });
  };
  const refuse = (at: number, message: string): Tokenized => ({
    tokens: undefined,
    mistakes: [{ at, message }],
  });
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    const at = parser.offset;
    for (const token of parser.next(lexeme)) take(token);
    if (parser.stack.length > depthMax + STACK_EXTRA) return refuse(at, tooDeep);
    if (++count > TOKENS_MAX) return refuse(at, tooManyTokens);
    if (mistakes.length >= GATHERED_MAX) return { tokens, mistakes };
  }
  for (const token of parser.end()) take(token);
  return { tokens, mistakes };
}

const tooManyTokens = `more than ${TOKENS_MAX} YAML tokens: write a workflow of this size as JSON`;

interface Composed {
  readonly documents: readonly Document.Parsed[];
  readonly mistakes: TextMistake[];
}

/** What the package calls at each mistake. It has no option for it, nor one to stop after some. */
interface Reporting {
  onError(
    source: number | [number, number] | { offset: number },
    code: string,
    message: string,
  ): void;
}

/** The package makes an error with a stack for each mistake, and a file may hold a million: so it is stopped. */
function compose(tokens: CST.Token[], text: string): Composed {
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false });
  const mistakes: TextMistake[] = [];
  const enough = new Error('enough mistakes');
  (composer as unknown as Reporting).onError = (source, _code, message) => {
    const at = typeof source === 'number' ? source : 'offset' in source ? source.offset : source[0];
    mistakes.push({ at, message: explained(message, at, text) });
    if (mistakes.length >= GATHERED_MAX) throw enough;
  };
  const documents: Document.Parsed[] = [];
  try {
    for (const document of composer.compose(tokens, true, text.length)) {
      documents.push(document);
      for (const { pos, message } of [...document.errors, ...document.warnings])
        mistakes.push({ at: pos[0], message: explained(message, pos[0], text) });
      if (documents.length > 1) break;
    }
  } catch (error) {
    if (error !== enough) throw error;
  }
  return { documents, mistakes };
}

/** Of each line the first, and nothing after a brace of a reference: the others most often follow from it. */
function firstOfLines(mistakes: readonly TextMistake[], text: string): TextMistake[] {
  const sorted = mistakes.toSorted((a, b) => a.at - b.at);
  let end = -1;
  return sorted.filter(({ at, message }) => {
    if (at < end) return false;
    const lineEnd = text.indexOf('\n', at);
    end = lineEnd < 0 || message === bareReference ? text.length + 1 : lineEnd;
    return true;
  });
}

const bareReference = 'within { } and [ ] a reference must be in quotes';

function explained(message: string, at: number, text: string): string {
  if (text.slice(Math.max(0, at - 2), at + 3).includes('${{')) return bareReference;
  const said = message.charAt(0).toLowerCase() + message.slice(1);
  return message.startsWith(nestedOnOneLine) ? `${said}${colonInText}` : said;
}

/** Most often a text that holds ": ", such as code. */
const nestedOnOneLine = 'Nested mappings are not allowed in compact mappings';
const colonInText = ': put a text that holds ": " in quotes, or on lines of its own below "|"';

class Converter {
  readonly #text: string;
  readonly #mistakes: TextMistake[] = [];
  /** Undefined while the node that bears the anchor is not complete. */
  readonly #anchors = new Map<string, { node: Node; size: number } | undefined>();
  #size = 0;
  #aliased = 0;

  constructor(text: string) {
    this.#text = text;
  }

  convert(document: Document.Parsed): ParsedText {
    const root = this.#node(document.contents);
    const mistakes = this.#mistakes;
    return mistakes.length > 0 ? { kind: 'mistakes', mistakes } : { kind: 'tree', root };
  }

  #mistake(at: number, message: string): Node {
    if (this.#mistakes.length <= mistakesMax) this.#mistakes.push({ at, message });
    return { kind: 'value', at, value: null };
  }

  #node(node: ParsedNode | null): Node {
    if (node === null) return { kind: 'value', at: 0, value: null };
    const at = node.range[0];
    if (isAlias(node)) return this.#alias(node, at);
    if (node.tag !== undefined && !plainTags.includes(node.tag))
      return this.#mistake(at, `the tag ${quoted(node.tag)} is not supported`);
    const before = this.#size++;
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, undefined);
    const made = this.#content(node, at);
    if (node.anchor !== undefined)
      this.#anchors.set(node.anchor, { node: made, size: this.#size - before });
    return made;
  }

  #content(node: Exclude<ParsedNode, Alias.Parsed>, at: number): Node {
    if (isScalar(node)) return this.#scalar(node, at);
    if (isSeq(node)) {
      const items = (node.items as (ParsedNode | null)[]).map((item) => this.#node(item));
      return { kind: 'list', at, items };
    }
    return this.#map(node as YAMLMap.Parsed, at);
  }

  #alias(node: Alias.Parsed, at: number): Node {
    const target = this.#anchors.get(node.source);
    if (target === undefined) {
      const known = this.#anchors.has(node.source);
      const why = known ? 'stands for something that it is part of' : 'has no anchor above it';
      return this.#mistake(at, `the alias ${quoted(node.source)} ${why}`);
    }
    this.#size += target.size;
    this.#aliased += target.size;
    if (this.#aliased > ALIASED_MAX)
      return this.#mistake(at, `aliases stand for more than ${ALIASED_MAX} values in all`);
    return target.node;
  }

  #scalar(node: Scalar, at: number): Node {
    const { value, source } = node;
    if (value === null || typeof value === 'string' || typeof value === 'boolean')
      return { kind: 'value', at, value };
    if (typeof value !== 'number' || !Number.isFinite(value))
      return this.#mistake(at, `${quoted(source ?? '')} is no number that JSON knows`);
    if (/^[-+]?\d+$/.test(source ?? '') && !Number.isSafeInteger(value))
      return this.#mistake(at, `${source} is too large to be exact: write it in quotes`);
    return { kind: 'value', at, value };
  }

  #map(map: YAMLMap.Parsed, at: number): Node {
    const entries: Entry[] = [];
    const seen = new Map<string, number>();
    for (const pair of map.items) {
      const key = this.#key(pair.key, at);
      if (key === undefined) continue;
      const first = seen.get(key.text);
      const value = this.#node(pair.value as ParsedNode | null);
      if (first !== undefined && this.#mistakes.length < mistakesMax)
        this.#mistake(key.at, duplicate(key.text, first, this.#text));
      seen.set(key.text, key.at);
      entries.push({
        key: key.text,
        at: key.at,
        value: isLeftOut(pair.value) ? { ...value, at: key.at } : value,
      });
    }
    return { kind: 'map', at, entries };
  }

  #key(node: ParsedNode | null, mapAt: number): { text: string; at: number } | undefined {
    const at = node?.range[0] ?? mapAt;
    if (!isScalar(node) || node.value === null || node.anchor !== undefined) {
      this.#mistake(at, 'a key must be a plain text');
      return undefined;
    }
    const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
    if (text === forbiddenKey) this.#mistake(at, `the key ${quoted(text)} is not allowed`);
    if (text === '<<' && node.type === 'PLAIN')
      this.#mistake(at, 'merge keys "<<" are not supported: use "defaults"');
    return { text, at };
  }
}

/** Nothing is written for it, so it has no place of its own. */
const isLeftOut = (node: unknown): boolean =>
  node === null || (isScalar(node) && node.value === null && !node.source);
