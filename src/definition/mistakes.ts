import { Problem, type ProblemDetail } from '../contract/problem.ts';
import { escapePointer } from '../core/reference.ts';
import type { Entry, Node } from './tree.ts';

/** How many mistakes are told at once. */
export const mistakesMax = 20;

/** Gathers what is wrong with one file, and tells where. */
export class Mistakes {
  readonly #found: { readonly where: Node | Entry; readonly message: string }[] = [];
  #more = 0;

  get any(): boolean {
    return this.#found.length > 0;
  }

  /** Whether further mistakes would only be counted. */
  get full(): boolean {
    return this.#found.length >= mistakesMax;
  }

  /** Returns undefined, which readers return for what cannot be read. */
  add(where: Node | Entry, message: string): undefined {
    if (this.full) this.#more++;
    else this.#found.push({ where, message });
    return undefined;
  }

  problem(root: Node, source: Source): Problem {
    const pointers = pointersOf(root, new Set(this.#found.map(({ where }) => where)));
    const details = this.#found.map(({ where, message }) => ({
      at: where.at,
      detail: { ...placeOf(source, where.at), pointer: pointers.get(where) ?? '', message },
    }));
    details.sort((a, b) => a.at - b.at);
    return problemOf(
      details.map(({ detail }) => detail),
      this.#more,
    );
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

export function problemOf(details: readonly ProblemDetail[], more = 0): Problem {
  const lines = details.map(printDetail);
  if (more > 0) lines.push(`and ${more} more`);
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

/** JSON pointers of the wanted nodes. Ends as soon as it has them all; does not recur. */
function pointersOf(root: Node, wanted: ReadonlySet<Node | Entry>): Map<Node | Entry, string> {
  const found = new Map<Node | Entry, string>();
  const seen = new Set<Node>();
  const open: [Node, string][] = [[root, '']];
  while (open.length > 0 && found.size < wanted.size) {
    const [node, pointer] = open.pop() as [Node, string];
    // Aliases make the same node appear in several places.
    if (seen.has(node)) continue;
    seen.add(node);
    if (wanted.has(node)) found.set(node, pointer);
    for (const { part, key, value } of partsOf(node)) {
      const inner = `${pointer}/${escapePointer(key)}`;
      if (wanted.has(part)) found.set(part, inner);
      open.push([value, inner]);
    }
  }
  return found;
}

function partsOf(node: Node): { part: Node | Entry; key: string; value: Node }[] {
  if (node.kind === 'value') return [];
  if (node.kind === 'map')
    return node.entries.map((entry) => ({ part: entry, key: entry.key, value: entry.value }));
  return node.items.map((item, index) => ({ part: item, key: String(index), value: item }));
}
