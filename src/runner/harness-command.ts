import { resolve } from 'node:path';
import type { ExecutionSpec } from '../contract/execution.ts';
import type { PlainRun } from '../contract/workflow.ts';
import { folderOf } from './code-folder.ts';
import type { ProcessFiles } from './process-files.ts';
import type { Interpreters } from './program-order.ts';

/** Runs that are calls into a warm process. */
export type WarmRun = Extract<PlainRun, { kind: 'function' | 'snippet' }>;

/** Where the program is that serves its own functions; undefined for what an interpreter serves. */
export const programOf = (spec: ExecutionSpec, run: WarmRun): string | undefined =>
  run.language === 'binary' ? resolve(folderOf(spec) ?? '', run.path) : undefined;

/** What is started to serve calls of this kind. Arguments that every harness gets follow. */
export function harnessArgv(
  spec: ExecutionSpec,
  run: WarmRun,
  interpreters: Interpreters,
  files: ProcessFiles,
): readonly string[] {
  const program = programOf(spec, run);
  if (program !== undefined) return [program, 'fanfold-harness'];
  const language = run.language === 'python' ? 'python' : 'node';
  return [interpreters[language], files[language]];
}
