import { resolve } from 'node:path';
import type { ExecutionSpec } from '../contract/execution.ts';
import type { Language } from '../contract/language.ts';
import type { PlainRun } from '../contract/workflow.ts';
import { folderOf } from './code-folder.ts';
import type { ProcessFiles } from './process-files.ts';
import type { Interpreters } from './program-order.ts';

/** Runs that are calls into a warm process. */
export type WarmRun = Extract<PlainRun, { kind: 'function' | 'snippet' }>;

/** Where the program is that serves its own functions; undefined for what an interpreter serves. */
export const programOf = (spec: ExecutionSpec, run: WarmRun): string | undefined =>
  run.language === 'binary' ? programAt(spec, run) : undefined;

const programAt = (spec: ExecutionSpec, run: Extract<WarmRun, { path: string }>): string =>
  resolve(folderOf(spec) ?? '', run.path);

/** What starts a harness, where it is not what runs the language's scripts. */
const starters: Readonly<Partial<Record<Language, string>>> = { shell: 'bash', java: 'sh' };

/** What is started to serve calls of this kind. Arguments that every harness gets follow. */
export function harnessArgv(
  spec: ExecutionSpec,
  run: WarmRun,
  interpreters: Interpreters,
  files: ProcessFiles,
): readonly string[] {
  const { language } = run;
  if (language === 'binary') return [programAt(spec, run), 'fanfold-harness'];
  return [starters[language] ?? interpreters[language], files.harness[language]];
}
