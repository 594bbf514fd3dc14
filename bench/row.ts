/** One line of the tables: the fields of the peers' harnesses, and ours beside them. */
export interface Row {
  readonly peer: 'fanfold';
  readonly version: string;
  readonly workload: string;
  readonly params: Readonly<Record<string, string | number>>;
  readonly seconds: number;
  readonly tasks_per_s: number | null;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly max_ms: number | null;
  readonly rss_mb: number | null;
  readonly durable: string;
  readonly load1: number;
  /** How many measurements the medians are of, and their rates. */
  readonly runs: number;
  readonly rates: readonly number[];
  /** What a `kill -9` in the middle made run again, of how many. */
  readonly again: string;
  readonly aim: string;
  readonly met: string;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** What a measurement gives; `latenciesMs` are of all hops, or of whole runs. */
export interface Measured {
  readonly seconds: number;
  readonly tasks: number;
  readonly latenciesMs?: readonly number[];
  readonly rssMb?: number;
  readonly extra?: Readonly<Record<string, unknown>>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** As the peers' harnesses count it. */
export function percentile(values: readonly number[], part: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1));
  return sorted[at] ?? null;
}

export const rounded = (value: number | null, digits = 2): number | null =>
  value === null || Number.isNaN(value) ? null : Number(value.toFixed(digits));

/** An aim is a rate to reach or a time, size or ratio to stay under. */
export interface Aim {
  readonly figure: 'tasks_per_s' | 'p50_ms' | 'rss_mb' | 'seconds' | 'ratio';
  readonly atLeast?: number;
  readonly under?: number;
}

export function judged(aim: Aim | undefined, value: number | null): { aim: string; met: string } {
  const limit = aim?.atLeast ?? aim?.under;
  if (aim === undefined || limit === undefined) return { aim: '', met: '' };
  const text = `${aim.figure} ${aim.atLeast === undefined ? '<' : '>='} ${figure(limit)}`;
  if (value === null || Number.isNaN(value)) return { aim: text, met: 'not measured' };
  const met = aim.atLeast === undefined ? value < limit : value >= limit;
  const by = `${(Math.abs(value / limit - 1) * 100).toFixed(0)} %`;
  return { aim: text, met: `${met ? 'met' : 'MISSED'} by ${by}` };
}

export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
