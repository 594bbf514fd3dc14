import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Draws, draws } from './random.ts';
import { inOrder, type Trace, type Work } from './trace.ts';

type Line = Readonly<Record<string, string>>;

/** What a request to a language model takes: until the first token, and each token that it makes. Assumed. */
const FIRST_TOKEN_S = 0.2;
const TOKEN_S = 0.02;
/** Of a function whose durations are not recorded. */
const UNKNOWN_S = 1;

/** All traces of a folder whose columns are known; others are told to `skipped`. */
export function recordedTraces(folder: string, skipped: (file: string) => void): Trace[] {
  if (!existsSync(folder)) return [];
  const traces: Trace[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!/\.csv(\.gz)?$/.test(file)) continue;
    const trace = traceOf(folder, file);
    if (trace === undefined) skipped(file);
    else traces.push(trace);
  }
  return traces;
}

/** Side files belong to a trace beside them, or tell nothing about arrivals. */
function traceOf(folder: string, file: string): Trace | undefined {
  const lines = read(join(folder, file));
  const first = lines[0] ?? {};
  const random = draws(1);
  const name = file.replace(/\.csv(\.gz)?$/, '').replaceAll('_', '-');
  if ('TIMESTAMP' in first && 'GeneratedTokens' in first) return recorded(name, requests(lines));
  if ('end_timestamp' in first && 'duration' in first) return recorded(name, invocations(lines));
  if ('HashFunction' in first && '1' in first) {
    const beside = join(folder, file.replace('invocations', 'durations'));
    const durations = beside !== join(folder, file) && existsSync(beside) ? read(beside) : [];
    return recorded(name, perMinute(lines, durations, random));
  }
  return undefined;
}

/** A recording of an hour or more began amid traffic, so its first ten minutes only warm up. */
function recorded(name: string, unordered: readonly Work[]): Trace {
  const all = inOrder(unordered);
  const begin = all[0]?.atS ?? 0;
  const tasks = all.map(({ atS, serviceS }) => ({ atS: atS - begin, serviceS }));
  const endS = Math.ceil((tasks.at(-1)?.atS ?? 0) / 60) * 60;
  return { name, set: 'recorded', endS, warmUpS: endS >= 3000 ? 600 : 0, tasks, known: [] };
}

const requests = (lines: readonly Line[]): Work[] =>
  lines.map((line) => ({
    atS: Date.parse(`${(line.TIMESTAMP ?? '').replace(' ', 'T').slice(0, 23)}Z`) / 1000,
    serviceS: FIRST_TOKEN_S + TOKEN_S * Number(line.GeneratedTokens),
  }));

const invocations = (lines: readonly Line[]): Work[] =>
  lines.map((line) => {
    const serviceS = Math.max(0.001, Number(line.duration));
    return { atS: Math.max(0, Number(line.end_timestamp) - serviceS), serviceS };
  });

/** All functions of the file share the pool. Where in its minute an invocation lies is not recorded: anywhere. */
function perMinute(lines: readonly Line[], durations: readonly Line[], random: Draws): Work[] {
  const means = new Map(durations.map((line) => [line.HashFunction, Number(line.Average)]));
  return lines.flatMap((line) => {
    const serviceS = (means.get(line.HashFunction) ?? UNKNOWN_S * 1000) / 1000;
    return Object.entries(line).flatMap(([minute, count]) =>
      /^\d+$/.test(minute)
        ? Array.from({ length: Number(count) }, () => ({
            atS: (Number(minute) - 1 + random.next()) * 60,
            serviceS,
          }))
        : [],
    );
  });
}

function read(path: string): Line[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const [heads = [], ...rows] = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => line.split(','));
  return rows.map((cells) => Object.fromEntries(heads.map((head, i) => [head, cells[i] ?? ''])));
}
