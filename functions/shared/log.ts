import type { Stuck } from '../../src/engine/stuck-runs.ts';

/** One line of JSON, as CloudWatch's queries take it apart. */
export function logError(error: unknown): void {
  process.stderr.write(`${JSON.stringify({ level: 'ERROR', ...factsOf(error) })}\n`);
}

function factsOf(error: unknown): object {
  const { name, message, stack, cause } = error instanceof Error ? error : new Error(String(error));
  return { name, message, stack, ...(cause !== undefined && { cause: factsOf(cause) }) };
}

export function logStuck(found: readonly Stuck[]): void {
  for (const { run, error } of found)
    logError(new Error(`run ${run} could not be decided`, { cause: error }));
}

export function logInfo(message: string, facts: object = {}): void {
  logLine(JSON.stringify({ level: 'INFO', message, ...facts }));
}

export function logLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
