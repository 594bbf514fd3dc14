/**
 * Bytes of a program become log lines. Imported by the launcher and, for what warm processes print past their
 * console, by the executor.
 */

/** A line's length in a log, in bytes. */
const LINE_MAX = 16_000;
/** How much of stderr an error message may quote. */
const TAIL_MAX = 2_000;
const HEADLINE_MAX = 400;
/** How runtimes begin that write a long stack after why they ended. */
const headlines = /^(?:panic: |fatal error: |thread '.*' .*panicked at |Exception in thread )/;

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[ -/]*[@-~]`, 'g');
const controls = /[^\P{Cc}\t]/gu;

/** Without control characters and terminal colours, and cut at 16 KB. */
export function cleanLine(text) {
  let clean = text;
  if (controls.test(clean)) {
    controls.lastIndex = 0;
    clean = clean.replace(escapes, '').replace(controls, '');
  }
  if (clean.length <= LINE_MAX / 4 || Buffer.byteLength(clean) <= LINE_MAX) return clean;
  const kept = new TextDecoder().decode(Buffer.from(clean).subarray(0, LINE_MAX));
  return `${kept}… [cut: the line has ${clean.length} characters]`;
}

/** Splits a stream into lines. Keeps at most `lineMax` bytes of a line; what is beyond is counted and forgotten. */
export class Lines {
  /** The last line that is not empty, whole up to `lineMax`; undefined when there was none or it was longer. */
  last;
  #tail = '';
  #headline = '';
  #rest = [];
  #restBytes = 0;
  #lineMax;

  constructor(lineMax) {
    this.#lineMax = lineMax;
  }

  /** The end of the stream's text, for messages; before it, where it is further up, the line that says why it all ended. */
  get tail() {
    if (this.#headline === '' || this.#tail.includes(this.#headline)) return this.#tail;
    return `${this.#headline}\n…\n${this.#tail.slice(-TAIL_MAX + HEADLINE_MAX)}`;
  }

  /** The lines that this chunk completes. With `quiet`, only `last` and `tail` are kept up to date. */
  push(chunk, quiet) {
    const end = chunk.lastIndexOf(10);
    if (end < 0) {
      this.#keep(chunk);
      return [];
    }
    const head = chunk.subarray(0, end);
    const lines = quiet ? this.#lastOf(head) : this.#linesOf(head);
    if (end + 1 < chunk.length) this.#keep(Buffer.from(chunk.subarray(end + 1)));
    return quiet ? [] : lines;
  }

  /** The last line, where the stream does not end with a line end. */
  end() {
    return this.#restBytes === 0 ? [] : this.#linesOf(Buffer.alloc(0));
  }

  #keep(bytes) {
    this.#restBytes += bytes.length;
    if (this.#restBytes - bytes.length < this.#lineMax) this.#rest.push(Buffer.from(bytes));
  }

  #linesOf(head) {
    const whole = this.#takeRest(head);
    const lines = whole.split('\n');
    this.#note(lines);
    return lines.map((line) => cleanLine(line.endsWith('\r') ? line.slice(0, -1) : line));
  }

  /** Like `linesOf`, but looks at the end of the chunk only. */
  #lastOf(head) {
    let from = Math.max(0, head.length - TAIL_MAX);
    const lineStart = head.lastIndexOf(10) + 1;
    from = Math.min(from, lineStart);
    if (from > 0) this.#forgetRest();
    const lines = this.#takeRest(head.subarray(from)).split('\n');
    this.#note(lines);
    return lines;
  }

  #takeRest(head) {
    if (this.#restBytes === 0) return head.toString('utf8');
    const long = this.#restBytes + head.length > this.#lineMax && this.#restBytes >= this.#lineMax;
    const text = Buffer.concat([...this.#rest, head]).toString('utf8');
    this.#forgetRest();
    if (long) this.last = undefined;
    return text;
  }

  #forgetRest() {
    this.#rest = [];
    this.#restBytes = 0;
  }

  #note(lines) {
    const full = lines.findLast((line) => line.trim() !== '');
    if (full !== undefined) this.last = full.length < this.#lineMax ? full : undefined;
    const tail = lines.slice(-40).join('\n').slice(-TAIL_MAX);
    this.#tail = `${this.#tail}${this.#tail === '' ? '' : '\n'}${tail}`.slice(-TAIL_MAX);
    const headline = lines.findLast((line) => headlines.test(line));
    if (headline !== undefined) this.#headline = headline.slice(0, HEADLINE_MAX - 10);
  }
}
