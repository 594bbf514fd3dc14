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

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const word = /[A-Za-z_]\w*/y;
const words = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/**
 * Reads JSON, with the place of each part. Some ten times as fast as the YAML package, and with a fraction of its
 * memory, so that machines can write workflows of a million tasks.
 */
export function parseJson(text: string): ParsedText {
  const reader = new JsonReader(text);
  const root = reader.document();
  const { mistakes } = reader;
  return root === undefined || mistakes.length > 0
    ? { kind: 'mistakes', mistakes }
    : { kind: 'tree', root };
}

/** Methods return undefined after the first mistake: what follows would make no sense. */
class JsonReader {
  readonly mistakes: TextMistake[] = [];
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Node | undefined {
    const root = this.#value();
    if (root === undefined) return undefined;
    this.#blanks();
    if (this.#at < this.#text.length) return this.#unexpected('the end of the file');
    return root;
  }

  #mistake(at: number, message: string): undefined {
    this.mistakes.push({ at, message });
    return undefined;
  }

  #unexpected(wanted: string): undefined {
    const found = this.#text.slice(this.#at, this.#at + 1);
    const shown = found === '' ? 'the end of the file' : quoted(found);
    return this.#mistake(this.#at, `expected ${wanted}, found ${shown}`);
  }

  #blanks(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.#at++;
    }
  }

  #value(): Node | undefined {
    const code = this.#blanks();
    const at = this.#at;
    if (code === 0x22) {
      const value = this.#string();
      return value === undefined ? undefined : { kind: 'value', at, value };
    }
    if (code !== 0x7b && code !== 0x5b) return this.#plain(at);
    if (++this.#depth > depthMax) return this.#mistake(at, tooDeep);
    this.#at++;
    const node = code === 0x7b ? this.#map(at) : this.#list(at);
    this.#depth--;
    return node;
  }

  #map(at: number): Node | undefined {
    const entries: Entry[] = [];
    const keys = new Map<string, number>();
    if (this.#ends(0x7d)) return { kind: 'map', at, entries };
    for (;;) {
      const entry = this.#entry();
      if (entry === undefined || !this.#fits(entry.key, entry.at, keys)) return undefined;
      entries.push(entry);
      const ended = this.#next(0x7d, '"," or "}"');
      if (ended === undefined) return undefined;
      if (ended) return { kind: 'map', at, entries };
    }
  }

  #entry(): Entry | undefined {
    if (this.#blanks() !== 0x22) return this.#unexpected('a key in double quotes');
    const at = this.#at;
    const key = this.#string();
    if (key === undefined) return undefined;
    if (this.#blanks() !== 0x3a) return this.#unexpected('":"');
    this.#at++;
    const value = this.#value();
    return value && { key, at, value };
  }

  /** Whether a key is new and allowed. */
  #fits(key: string, at: number, keys: Map<string, number>): boolean {
    const first = keys.get(key);
    keys.set(key, at);
    if (first !== undefined) this.#mistake(at, duplicate(key, first, this.#text));
    else if (key === forbiddenKey) this.#mistake(at, `the key ${quoted(key)} is not allowed`);
    return this.mistakes.length === 0;
  }

  #list(at: number): Node | undefined {
    const items: Node[] = [];
    if (this.#ends(0x5d)) return { kind: 'list', at, items };
    for (;;) {
      const value = this.#value();
      if (value === undefined) return undefined;
      items.push(value);
      const ended = this.#next(0x5d, '"," or "]"');
      if (ended === undefined) return undefined;
      if (ended) return { kind: 'list', at, items };
    }
  }

  #ends(close: number): boolean {
    if (this.#blanks() !== close) return false;
    this.#at++;
    return true;
  }

  /** Moves over a comma (false) or the closing bracket (true). */
  #next(close: number, wanted: string): boolean | undefined {
    const code = this.#blanks();
    if (code !== close && code !== 0x2c) return this.#unexpected(wanted);
    this.#at++;
    return code === close;
  }

  #string(): string | undefined {
    const start = this.#at;
    const text = this.#text;
    let end = text.indexOf('"', start + 1);
    while (end >= 0 && this.#isEscaped(end)) end = text.indexOf('"', end + 1);
    if (end < 0) return this.#mistake(start, 'a text without closing quotes');
    this.#at = end + 1;
    const inner = text.slice(start + 1, end);
    if (!inner.includes('\\') && !inner.includes('\n') && !inner.includes('\t')) return inner;
    try {
      return JSON.parse(text.slice(start, end + 1)) as string;
    } catch {
      return this.#mistake(start, 'a text with a bad escape, a tab or a line end in it');
    }
  }

  /** Whether an odd number of backslashes stands before. */
  #isEscaped(at: number): boolean {
    let before = at - 1;
    while (this.#text.charCodeAt(before) === 0x5c) before--;
    return (at - before) % 2 === 0;
  }

  #plain(at: number): Node | undefined {
    word.lastIndex = at;
    const name = word.exec(this.#text)?.[0];
    const value = words.get(name ?? '');
    if (name !== undefined && value !== undefined) {
      this.#at += name.length;
      return { kind: 'value', at, value };
    }
    number.lastIndex = at;
    const digits = number.exec(this.#text)?.[0];
    if (digits === undefined) return this.#unexpected('a value');
    this.#at += digits.length;
    return this.#number(digits, at);
  }

  #number(digits: string, at: number): Node | undefined {
    const value = Number(digits);
    if (!Number.isFinite(value)) return this.#mistake(at, `${quoted(digits)} is too large`);
    if (/^-?\d+$/.test(digits) && !Number.isSafeInteger(value))
      return this.#mistake(at, `${quoted(digits)} is too large to be exact: write it in quotes`);
    return { kind: 'value', at, value };
  }
}
