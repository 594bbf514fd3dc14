import { depthMax, type Entry, forbiddenKey, type Node } from './tree.ts';

const key = /(?:([A-Za-z0-9_][A-Za-z0-9_.-]*)|"([^"\\\n]*)"|'([^'\n]*)'):(?= |\n|$)/y;
/** Begins with what cannot be an indicator, and holds neither `: ` nor ` #`. */
const blockScalar = /[A-Za-z0-9_./$](?:[^\n:#]|:(?=[^\s])|(?<=[^\s])#)*/y;
const flowScalar = /[A-Za-z0-9_./][A-Za-z0-9_./-]*(?: +[A-Za-z0-9_./-]+)*/y;
const doubleQuoted = /"([^"\\\n]*)"/y;
const singleQuoted = /'([^'\n]*)'/y;
const lineEnd = / *(?: #[^\n]*)?(?:\n|$)/y;
const skipped = /(?: *(?:#[^\n]*)?\n)*(?: *#[^\n]*$)?/y;
const decimal = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const special = /^(?:0[ox]|[-+]?\.(?:inf|nan)$)/i;
const words = new Map<string, boolean | null>([
  ...['null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);

/**
 * Reads the plain part of YAML that machines write: maps, lists and scalars of one line each. Undefined for a text
 * with anything else in it, or with a mistake: then the YAML package has the word, which takes some twenty times as
 * long and as much memory.
 */
export function parsePlainYaml(text: string): Node | undefined {
  if (text.includes('\t') || text.includes('\r')) return undefined;
  return new PlainReader(text).document();
}

/** Methods return undefined where the plain part ends. */
class PlainReader {
  readonly #text: string;
  #at = 0;
  /** Of the line at hand; -1 at the end. */
  #indent = -1;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Node | undefined {
    this.#toLine();
    if (this.#indent !== 0) return undefined;
    const root = this.#block(0);
    return this.#at === this.#text.length ? root : undefined;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match;
  }

  /** From the start of a line to the first character of the next line that says something. */
  #toLine(): void {
    this.#take(skipped);
    const start = this.#at;
    while (this.#text.charCodeAt(this.#at) === 0x20) this.#at++;
    this.#indent = this.#at < this.#text.length ? this.#at - start : -1;
  }

  #endLine(): boolean {
    if (this.#take(lineEnd) === undefined) return false;
    this.#toLine();
    return true;
  }

  get #isItem(): boolean {
    return this.#text.startsWith('- ', this.#at);
  }

  #block(indent: number): Node | undefined {
    if (++this.#depth > depthMax) return undefined;
    const node = this.#isItem ? this.#list(indent) : this.#map(indent);
    this.#depth--;
    return node;
  }

  #map(indent: number): Node | undefined {
    const at = this.#at;
    const entries: Entry[] = [];
    const keys = new Set<string>();
    while (this.#indent === indent && !this.#isItem) {
      const keyAt = this.#at;
      const name = this.#key();
      if (name === undefined || keys.has(name)) return undefined;
      keys.add(name);
      const value = this.#value(indent, keyAt);
      if (value === undefined) return undefined;
      entries.push({ key: name, at: keyAt, value });
    }
    return this.#indent > indent ? undefined : { kind: 'map', at, entries };
  }

  #key(): string | undefined {
    const match = this.#take(key);
    const name = match?.[1] ?? match?.[2] ?? match?.[3];
    return name === forbiddenKey || name === '<<' || name === '~' || words.has(name ?? '')
      ? undefined
      : name;
  }

  #value(indent: number, keyAt: number): Node | undefined {
    if (this.#endLine()) {
      if (this.#indent > indent) return this.#block(this.#indent);
      if (this.#indent === indent && this.#isItem) return this.#block(indent);
      return { kind: 'value', at: keyAt, value: null };
    }
    return this.#inLine();
  }

  #list(indent: number): Node | undefined {
    const at = this.#at;
    const items: Node[] = [];
    while (this.#indent === indent && this.#isItem) {
      this.#at++;
      const item = this.#inLine();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return this.#indent > indent ? undefined : { kind: 'list', at, items };
  }

  /** A value and the end of its line. */
  #inLine(): Node | undefined {
    this.#blanks();
    const node = this.#one(blockScalar);
    return node !== undefined && this.#endLine() ? node : undefined;
  }

  #blanks(): void {
    while (this.#text.charCodeAt(this.#at) === 0x20) this.#at++;
  }

  /** A value; a plain scalar by this pattern. */
  #one(scalar: RegExp): Node | undefined {
    const at = this.#at;
    switch (this.#text[at]) {
      case '{':
        return this.#nested(() => this.#flowMap(at));
      case '[':
        return this.#nested(() => this.#flowList(at));
      case '"':
        return this.#quoted(at, doubleQuoted);
      case "'":
        return this.#quoted(at, singleQuoted);
      default:
        return this.#scalar(scalar);
    }
  }

  #nested(read: () => Node | undefined): Node | undefined {
    if (++this.#depth > depthMax) return undefined;
    this.#at++;
    const node = read();
    this.#depth--;
    return node;
  }

  #quoted(at: number, pattern: RegExp): Node | undefined {
    const value = this.#take(pattern)?.[1];
    return value === undefined ? undefined : { kind: 'value', at, value };
  }

  #scalar(pattern: RegExp): Node | undefined {
    const at = this.#at;
    const text = this.#take(pattern)?.[0].trimEnd();
    if (text === undefined || special.test(text)) return undefined;
    this.#at = at + text.length;
    const word = words.get(text);
    if (word !== undefined) return { kind: 'value', at, value: word };
    if (!decimal.test(text)) return { kind: 'value', at, value: text };
    const value = Number(text);
    const isExact = Number.isSafeInteger(value) || (!Number.isInteger(value) && value < 1e300);
    return isExact ? { kind: 'value', at, value } : undefined;
  }

  #flowMap(at: number): Node | undefined {
    const entries: Entry[] = [];
    const keys = new Set<string>();
    for (;;) {
      this.#blanks();
      if (this.#passes('}')) return { kind: 'map', at, entries };
      const keyAt = this.#at;
      const name = this.#key();
      if (name === undefined || keys.has(name)) return undefined;
      keys.add(name);
      const value = this.#flowValue();
      if (value === undefined) return undefined;
      entries.push({ key: name, at: keyAt, value });
      if (!this.#passes(',') && this.#text[this.#at] !== '}') return undefined;
    }
  }

  #flowList(at: number): Node | undefined {
    const items: Node[] = [];
    for (;;) {
      this.#blanks();
      if (this.#passes(']')) return { kind: 'list', at, items };
      const item = this.#flowValue();
      if (item === undefined) return undefined;
      items.push(item);
      if (!this.#passes(',') && this.#text[this.#at] !== ']') return undefined;
    }
  }

  #flowValue(): Node | undefined {
    this.#blanks();
    const node = this.#one(flowScalar);
    this.#blanks();
    return node;
  }

  #passes(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }
}
