import { parseJson } from './json-text.ts';
import { mistakesMax, placeOf, problemOf, type Source } from './mistakes.ts';
import { parsePlainYaml } from './plain-yaml.ts';
import { type Node, type ParsedText, type TextMistake, visible } from './tree.ts';
import { parseYaml } from './yaml-text.ts';

/** In characters of the text, and in bytes of the file. */
export const sizeMax = 32 * 1024 * 1024;
/** Below it, all YAML goes through the YAML package. */
const LARGE = 1_000_000;

/** From text to a tree with places. Refuses with all mistakes in the text itself, which hide those of meaning. */
export function parseText(given: string, file: string | undefined): { root: Node; source: Source } {
  const text = given.charCodeAt(0) === 0xfeff ? given.slice(1) : given;
  const source: Source = { file, text };
  const found = mistakeBefore(text) ?? parse(text, file);
  if (found.kind === 'tree') return { root: found.root, source };
  const details = found.mistakes
    .slice(0, mistakesMax)
    .map(({ at, message }) => ({ ...placeOf(source, at), message: visible(message) }));
  throw problemOf(details);
}

function parse(text: string, file: string | undefined): ParsedText {
  const isJson = file?.toLowerCase().endsWith('.json') === true;
  if (isJson || /^\s*\{/.test(text)) {
    const parsed = parseJson(text);
    // What begins with a brace may be YAML as well.
    if (isJson || parsed.kind === 'tree') return parsed;
  }
  const plain = text.length > LARGE ? parsePlainYaml(text) : undefined;
  return plain === undefined ? parseYaml(text) : { kind: 'tree', root: plain };
}

const refuse = (at: number, message: string): { kind: 'mistakes'; mistakes: TextMistake[] } => ({
  kind: 'mistakes',
  mistakes: [{ at, message }],
});

function mistakeBefore(text: string): ParsedText | undefined {
  if (text.length > sizeMax) return refuse(-1, tooLarge(text.length));
  const control = controlCharacterAt(text);
  if (control >= 0) {
    const code = text.charCodeAt(control).toString(16).toUpperCase().padStart(4, '0');
    return refuse(control, `the control character U+${code} is not allowed`);
  }
  return text.trim() === '' ? refuse(0, 'the file is empty') : undefined;
}

export const tooLarge = (size: number): string =>
  `${Math.ceil(size / 1024 / 1024)} MB are too large: a workflow has at most ${sizeMax / 1024 / 1024} MB`;

/** Tabs and line ends are no control characters here. */
function controlCharacterAt(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 && code !== 0x0a && code !== 0x09 && code !== 0x0d) return at;
  }
  return -1;
}
