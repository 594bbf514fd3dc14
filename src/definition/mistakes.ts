import { Problem, type ProblemDetail } from '../contract/problem.ts';
import { escapePointer } from '../core/template.ts';
import type { Entry, Node } from './tree.ts';

/** How many mistakes are told at once. */
export const mistakesMax = 20;

/** Gathers what is wrong with one file, and tells where. */
export class Mistakes {
  readonly #found: { readonly where: Node | Entry; readonly message: string }[] = [];

  get any(): boolean {
    return this.#found.length > 0;
  }

  /** Whether further mistakes would not be told. */
  get full(): boolean {
    return this.#found.length >= mistakesMax;
  }

  /** Whether something is wrong with this part already. */
  has(where: Node | Entry): boolean {
    return this.#found.some((found) => found.where === where);
  }

  /** Returns undefined, which readers return for what cannot be read. */
  add(where: Node | Entry, message: string): undefined {
    if (!this.full) this.#found.push({ where, message });
    return undefined;
  }

  problem(root: Node, source: Source): Problem {
    const pointers = pointersOf(root, new Set(this.#found.map(({ where }) => where)));
    const details = this.#found.map(({ where, message }) => ({
      at: where.at,
      detail: { ...placeOf(source, where.at), pointer: pointers.get(where) ?? '', message },
    }));
    details.sort((a, b) => a.at - b.at);
    return problemOf(details.map(({ detail }) => detail));
  }
}

export interface Source {
  readonly file?: string | undefined;
  /** Absent when there is no text: places are pointers only. */
  readonly text?: string | undefined;
}

/** One line for each detail, as compilers print them: `nightly.yaml:14:5 unknown key "need"`. */
export function printDetail(detail: ProblemDetail): string {
  const { file, line, column, pointer, message } = detail;
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  if (place !== '') return `${place} ${message}`;
  return pointer ? `${pointer} ${message}` : message;
}

export function problemOf(details: readonly ProblemDetail[]): Problem {
  const lines = details.map(printDetail);
  if (details.length >= mistakesMax) lines.push('and there may be more');
  return new Problem('workflow-invalid', lines.join('\n'), details);
}

/** Line and column of an offset, from 1. A column is a UTF-16 unit, as editors count. */
export function placeOf(source: Source, at: number): Omit<ProblemDetail, 'message' | 'pointer'> {
  const file = source.file === undefined ? {} : { file: source.file };
  const { text } = source;
  if (text === undefined || at < 0) return file;
  let line = 1;
  let start = 0;
  for (;;) {
    const end = text.indexOf('\n', start);
    if (end < 0 || end >= at) break;
    line++;
    start = end + 1;
  }
  return { ...file, line, column: at - start + 1 };
}

/** JSON pointers of the wanted parts. */
function pointersOf(root: Node, wanted: ReadonlySet<Node | Entry>): Map<Node | Entry, string> {
  const search: Search = { wanted, found: new Map(), path: [] };
  look(root, search);
  visit(root, search);
  return search.found;
}

interface Search {
  readonly wanted: ReadonlySet<Node | Entry>;
  readonly found: Map<Node | Entry, string>;
  readonly path: (string | number)[];
}

function look(part: Node | Entry, { wanted, found, path }: Search): void {
  if (wanted.has(part) && !found.has(part))
    found.set(part, path.map((key) => `/${escapePointer(String(key))}`).join(''));
}

/** A tree's depth is bounded, so recursion is too. Pointers are put together only where they are wanted. */
function visit(node: Node, search: Search): void {
  if (node.kind === 'value') return;
  const parts: readonly (Node | Entry)[] = node.kind === 'list' ? node.items : node.entries;
  for (let i = 0; i < parts.length && search.found.size < search.wanted.size; i++) {
    const part = parts[i] as Node | Entry;
    const value = 'key' in part ? part.value : part;
    search.path.push('key' in part ? part.key : i);
    look(part, search);
    look(value, search);
    visit(value, search);
    search.path.pop();
  }
}
