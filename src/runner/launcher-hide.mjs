/** Keeps texts, such as the values of secrets, out of what is told. Imported by the launcher and by the executor. */

/** What stands in the place of such a text. */
export const mask = '***';
/** Fewer characters at an end, or elsewhere, tell nothing. */
const END_MIN = 4;
const PART = 8;
/** Harnesses tell a line that does not end in pieces, which are longer than that. */
const PIECE_MIN = 32_000;

/** `texts`: the longest first. */
export function hideIn(text, texts) {
  let clean = text;
  for (const one of texts) if (clean.includes(one)) clean = clean.replaceAll(one, mask);
  return clean;
}

/** Of text that was cut, or quotes what was: also parts of the texts, and what is left of one at its ends. */
export function hideInCut(text, texts) {
  let clean = hideParts(hideIn(text, texts), texts);
  for (const one of texts) {
    const ends = partAt(one, (length) => clean.endsWith(one.slice(0, length)));
    if (ends > 0) clean = clean.slice(0, -ends) + mask;
    const begins = partAt(one, (length) => clean.startsWith(one.slice(-length)));
    if (begins > 0) clean = mask + clean.slice(begins);
  }
  return clean;
}

/** How many characters of a text the longest part has that is there; 0 for none. */
function partAt(text, isThere) {
  for (let length = Math.min(text.length, PART) - 1; length >= END_MIN; length--)
    if (isThere(length)) return length;
  return 0;
}

function hideParts(text, texts) {
  const parts = new Set(texts.flatMap(partsOf));
  let clean = '';
  let shown = 0;
  for (let at = 0; at + PART <= text.length; at++) {
    if (!parts.has(text.slice(at, at + PART))) continue;
    let end = at + PART;
    while (parts.has(text.slice(end + 1 - PART, end + 1))) end += 1;
    clean += text.slice(shown, at) + mask;
    shown = end;
    at = end - 1;
  }
  return clean + text.slice(shown);
}

const partsOf = (text) =>
  Array.from({ length: Math.max(0, text.length - PART + 1) }, (_, at) => text.slice(at, at + PART));

/** Hides texts in the lines of one attempt, also one that lies in two pieces of a long line. */
export class LineHider {
  #texts;
  #longest;
  /** The end of the last line of each stream, where that may be a piece. */
  #ends = [];

  constructor(texts) {
    this.#texts = texts;
    this.#longest = texts[0]?.length ?? 0;
  }

  hide(stream, line) {
    const before = this.#ends[stream] ?? '';
    this.#ends[stream] = line.length >= PIECE_MIN ? line.slice(-this.#longest) : '';
    const rest = before === '' ? 0 : this.#restOf(before, line);
    return rest === 0 ? hideIn(line, this.#texts) : mask + hideIn(line.slice(rest), this.#texts);
  }

  /** How many characters at the beginning of a line belong to a text that began in the line before. */
  #restOf(before, line) {
    let rest = 0;
    for (const one of this.#texts)
      for (let length = 1; length < one.length; length++)
        if (before.endsWith(one.slice(0, length)) && line.startsWith(one.slice(length)))
          rest = Math.max(rest, one.length - length);
    return rest;
  }
}
