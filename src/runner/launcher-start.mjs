/** Why a program cannot be started. */
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';

/** What of an order is not there; undefined where all is. */
export function missingFor({ cwd, script }) {
  if (cwd !== undefined && !existsSync(cwd)) return `the code's folder ${cwd} is missing`;
  if (script === undefined) return undefined;
  const path = isAbsolute(script) ? script : resolve(cwd ?? '/', script);
  return existsSync(path) ? undefined : `the script ${script} is missing in the code's folder`;
}

export function whyNot(error) {
  if (error.code === 'ENOENT') return 'there is no such program (ENOENT)';
  if (error.code === 'EACCES') return 'it is not executable (EACCES)';
  return error.message;
}
