import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { LogLine, Stream } from '../../ports/log-sink.ts';

/**
 * What one flush of a sink leaves: an object with lines of many runs. Its name begins with a ULID, so that objects are
 * listed in the order of time, and ends with a short mark of each run that is in it: who looks for one run's lines
 * lists names, 1,000 at a price of one, and opens only what may hold them.
 */
export interface LogObject {
  readonly key: string;
  readonly body: Uint8Array;
}

const markLength = 4;
const ulidLength = 26;
/** A name has at most 1,024 bytes. */
export const runsMax = 200;

type Row = readonly [
  run: number,
  task: string,
  attempt: number,
  at: number,
  stream: Stream,
  text: string,
];

interface Content {
  readonly runs: readonly string[];
  readonly lines: readonly Row[];
}

export const markOf = (run: string): string =>
  createHash('sha256').update(run).digest('base64url').slice(0, markLength);

export function toObject(prefix: string, id: string, lines: readonly LogLine[]): LogObject {
  const runs = [...new Set(lines.map(({ run }) => run))];
  const numbers = new Map(runs.map((run, number) => [run, number]));
  const rows = lines.map(
    ({ run, task, attempt, at, stream, text }): Row => [
      numbers.get(run) as number,
      task,
      attempt,
      at,
      stream,
      text,
    ],
  );
  const content: Content = { runs, lines: rows };
  return {
    key: `${prefix}${id}.${runs.map(markOf).join('')}`,
    body: gzipSync(JSON.stringify(content)),
  };
}

/** A name without its prefix: which object it is, and whether it may hold lines of the run. */
export function readName(
  name: string,
  mark: string,
): { readonly id: string; readonly may: boolean } {
  const marks = name.slice(ulidLength + 1);
  let may = false;
  for (let at = 0; at < marks.length && !may; at += markLength) may = marks.startsWith(mark, at);
  return { id: name.slice(0, ulidLength), may };
}

/** The run's lines, in the order in which they were appended. */
export function linesOf(body: Uint8Array, run: string): LogLine[] {
  const { runs, lines } = JSON.parse(gunzipSync(body).toString()) as Content;
  const own = runs.indexOf(run);
  if (own < 0) return [];
  return lines.flatMap(([number, task, attempt, at, stream, text]) =>
    number === own ? [{ run, task, attempt, at, stream, text }] : [],
  );
}
