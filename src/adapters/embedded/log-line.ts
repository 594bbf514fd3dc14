import { crc32 } from 'node:zlib';
import { type LogLine, type Stream, streams } from '../../ports/log-sink.ts';

/** Longest text of a line, in bytes. */
export const lineBytesMax = 16 * 1024;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const controls = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
const halfCharacters = /\p{Surrogate}/gu;

/** Pictures of the control characters; tab stays. */
const picture = (control: string): string => {
  const code = control.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : '\ufffd';
};

/** As it is kept: without control characters, and not too long. */
export function cleanText(text: string): string {
  const cut = text.length * 3 > lineBytesMax ? cutText(text) : text;
  return cut.replace(halfCharacters, '\ufffd').replace(controls, picture);
}

/** Room for the note, and for pictures, which are longer than what they show. */
function cutText(text: string): string {
  const whole = text.replace(halfCharacters, '\ufffd').replace(controls, picture);
  const bytes = Buffer.from(whole);
  if (bytes.length <= lineBytesMax) return whole;
  const note = `… cut, ${Buffer.byteLength(text)} bytes`;
  let end = lineBytesMax - Buffer.byteLength(note);
  while (((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end) + note;
}

const sumStart = ',"sum":';

/** One line of the file: JSON, its last field a checksum of all before it. */
export function encodeLine({ task, attempt, at, stream, text }: LogLine): string {
  const open = JSON.stringify({ task, attempt, at, stream, text: cleanText(text) }).slice(0, -1);
  return `${open}${sumStart}${crc32(open)}}\n`;
}

/** What lines of a task, or of one of its attempts, begin with. */
export function lineStart(task: string, attempt: number | undefined): string {
  const open = `{"task":${JSON.stringify(task)},`;
  return attempt === undefined ? open : `${open}"attempt":${attempt},`;
}

/** Undefined when the line is not what was written. */
export function decodeLine(run: string, text: string): LogLine | undefined {
  const end = text.lastIndexOf(sumStart);
  if (end < 0 || !text.endsWith('}')) return undefined;
  const open = text.slice(0, end);
  if (String(crc32(open)) !== text.slice(end + sumStart.length, -1)) return undefined;
  const line = JSON.parse(`${open}}`) as Omit<LogLine, 'run'>;
  return streams.includes(line.stream as Stream) ? { run, ...line } : undefined;
}
