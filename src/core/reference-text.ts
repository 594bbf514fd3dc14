/** A field of a map or the place of an element in a list. */
export type Step = string | number;

type Root =
  | { readonly root: 'input' | 'item' | 'items' | 'index' | 'run' }
  | { readonly root: 'task'; readonly task: string };

export type ParsedReference =
  | {
      readonly kind: 'ok';
      readonly reference: Root & { readonly text: string; readonly path: readonly Step[] };
      /** The place behind the closing braces. */
      readonly end: number;
    }
  | { readonly kind: 'error'; readonly message: string; readonly at: number };

/** The longest reference. Also keeps what is put into messages short. */
const LENGTH_MAX = 1_000;
const blanks = /[ \t\r\n]*/y;
const word = /[\p{L}_][\p{L}\p{N}_-]*/uy;
const nameStep = /\.([\p{L}_][\p{L}\p{N}_-]*)/uy;
const indexStep = /\[(0|[1-9][0-9]{0,8})\]/y;
const quotedStep = /\["((?:[^"\\]|\\.)*)"\]/y;
const plainTask = /\.([\p{L}\p{N}_][\p{L}\p{N}_.-]*?)\.output(?![\p{L}\p{N}_-])/uy;
const outputStep = /\.output(?![\p{L}\p{N}_-])/uy;
const close = /[ \t\r\n]*\}\}/y;

const known = 'input, tasks.<id>.output, item, items[n], index or run.id';

/** Text that is read from one end to the other. */
class Cursor {
  readonly text: string;
  at: number;

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  /** Moves over what the sticky pattern matches here. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.at += match[0].length;
    return match;
  }
}

class Refusal {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** Reads one reference, from behind its opening braces. */
export function parseReference(text: string, from: number): ParsedReference {
  const cursor = new Cursor(text, from);
  const error = (message: string, at = cursor.at): ParsedReference => ({
    kind: 'error',
    message,
    at,
  });
  const closing = text.indexOf('}}', from);
  if (closing < 0) return error('a reference is opened and never closed by }}', from - 3);
  if (closing - from > LENGTH_MAX)
    return error(`a reference of more than ${LENGTH_MAX} characters`, from - 3);
  cursor.take(blanks);
  const start = cursor.at;
  const root = parseRoot(cursor);
  if (root instanceof Refusal) return error(root.message);
  const path = parsePath(cursor);
  if (path instanceof Refusal) return error(path.message);
  const wrong = mismatch(root, path);
  if (wrong !== undefined) return error(wrong, start);
  const end = cursor.at;
  if (cursor.take(close) === undefined) return error(leftOver(cursor));
  const reference = { ...root, text: text.slice(start, end), path };
  return { kind: 'ok', reference, end: cursor.at };
}

function parseRoot(cursor: Cursor): Root | Refusal {
  const start = cursor.at;
  const name = cursor.take(word)?.[0];
  switch (name) {
    case 'input':
    case 'item':
    case 'items':
    case 'index':
    case 'run':
      return { root: name };
    case 'tasks':
      return parseTask(cursor);
    case undefined:
      return new Refusal(`expected a reference: ${known}`);
    default:
      cursor.at = start;
      return new Refusal(`unknown reference "${name}": expected ${known}`);
  }
}

function parseTask(cursor: Cursor): Root | Refusal {
  const plain = cursor.take(plainTask)?.[1];
  if (plain !== undefined) return { root: 'task', task: plain };
  const quoted = cursor.take(quotedStep)?.[1];
  if (quoted === undefined) return new Refusal('expected tasks.<id>.output');
  const task = unquoted(quoted);
  if (task === undefined) return new Refusal('bad escape in a name');
  if (cursor.take(outputStep) === undefined) return new Refusal('expected .output');
  return { root: 'task', task };
}

function parsePath(cursor: Cursor): readonly Step[] | Refusal {
  const path: Step[] = [];
  for (;;) {
    const name = cursor.take(nameStep)?.[1];
    if (name !== undefined) {
      path.push(name);
      continue;
    }
    const index = cursor.take(indexStep)?.[1];
    if (index !== undefined) {
      path.push(Number(index));
      continue;
    }
    const quoted = cursor.take(quotedStep)?.[1];
    if (quoted === undefined) return path;
    const key = unquoted(quoted);
    if (key === undefined) return new Refusal('bad escape in a name');
    path.push(key);
  }
}

function unquoted(inner: string): string | undefined {
  if (!inner.includes('\\')) return inner;
  try {
    return JSON.parse(`"${inner}"`) as string;
  } catch {
    return undefined;
  }
}

/** Roots that ask for a certain path. */
function mismatch(root: Root, path: readonly Step[]): string | undefined {
  if (root.root === 'items' && typeof path[0] !== 'number') return 'expected items[n]';
  if (root.root === 'index' && path.length > 0) return '"index" is a number and has no fields';
  if (root.root === 'run' && (path.length !== 1 || path[0] !== 'id')) return 'expected run.id';
  return undefined;
}

function leftOver(cursor: Cursor): string {
  cursor.take(blanks);
  const closing = cursor.text.indexOf('}}', cursor.at);
  const rest = cursor.text.slice(cursor.at, Math.min(closing, cursor.at + 20)).trim();
  return `unexpected "${rest}": a reference is a path, such as input.day; operators are not supported yet`;
}
