/** Failures that are the same but for numbers, ids and hashes. */
import type { AttemptError } from '../../src/contract/execution.ts';

const CHARACTERS_MAX = 200;

const variable: readonly RegExp[] = [
  /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi,
  /\b[0-9A-HJKMNP-TV-Z]{26}\b/g,
  /\b0x[0-9a-f]+\b/gi,
  /\b(?=[a-f]*\d)[0-9a-f]{7,}\b/gi,
  /\d+([.,:]\d+)*/g,
];

/** The message with `#` for what is likely to differ from time to time. */
export function normalised(message: string): string {
  const [first = ''] = message.trim().split('\n', 1);
  const text = variable.reduce((so, pattern) => so.replace(pattern, '#'), first.slice(0, 2000));
  return text.replace(/\s+/g, ' ').slice(0, CHARACTERS_MAX);
}

export interface Failure {
  readonly run: string;
  readonly workflow: string;
  readonly task: string;
  readonly at: number;
  readonly error: AttemptError;
}

export interface FailureGroup {
  readonly signature: string;
  readonly reason: string;
  readonly name?: string;
  /** Newest first. */
  readonly failures: readonly Failure[];
  readonly first: number;
  readonly last: number;
}

const keyOf = ({ error }: Failure): string =>
  JSON.stringify([error.reason, error.name ?? '', error.exitCode ?? '', normalised(error.message)]);

/** The group that failed last comes first. */
export function groupsOf(failures: readonly Failure[]): FailureGroup[] {
  const groups = new Map<string, Failure[]>();
  for (const failure of failures) {
    const key = keyOf(failure);
    const known = groups.get(key);
    if (known) known.push(failure);
    else groups.set(key, [failure]);
  }
  return [...groups.values()].map(groupOf).sort((a, b) => b.last - a.last);
}

function groupOf(unsorted: readonly Failure[]): FailureGroup {
  const failures = [...unsorted].sort((a, b) => b.at - a.at);
  const newest = failures[0] as Failure;
  const { reason, name, message } = newest.error;
  return {
    signature: normalised(message),
    reason,
    ...(name !== undefined && { name }),
    failures,
    first: failures.at(-1)?.at ?? newest.at,
    last: newest.at,
  };
}
