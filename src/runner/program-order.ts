import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Execution, ExecutionSpec } from '../contract/execution.ts';
import type { Language } from '../contract/language.ts';
import type { PlainRun, Run } from '../contract/workflow.ts';
import type { Attempt } from './attempt.ts';
import { folderOf } from './code-folder.ts';

/** Runs that are programs of their own. */
export type ProgramRun = Extract<PlainRun, { kind: 'command' | 'shell' | 'script' | 'snippet' }>;

/** What runs a file of each language. For shell scripts bash where there is one, else sh. */
export type Interpreters = Readonly<Record<Language, string>>;

function shellIn(path: string | undefined): string {
  const folders = (path ?? '').split(delimiter);
  return folders.some((folder) => folder !== '' && existsSync(join(folder, 'bash')))
    ? 'bash'
    : 'sh';
}

/** Those that the runner's host has, where nothing else is said. */
export const interpretersOf = (
  path: string | undefined,
  said: Partial<Pick<Interpreters, 'node' | 'python'>>,
): Interpreters => ({
  node: said.node ?? process.execPath,
  python: said.python ?? 'python3',
  shell: shellIn(path),
  perl: 'perl',
  ruby: 'ruby',
  php: 'php',
  java: 'java',
});

/** What a launcher is told to start. */
export interface ProgramOrder {
  readonly argv: readonly string[];
  /** A file without which there is nothing to run. */
  readonly script?: string;
  readonly cwd?: string | undefined;
  readonly env?: ExecutionSpec['env'];
  readonly folder?: string | undefined;
  readonly step?: number | undefined;
  readonly run: string;
  readonly workflow: string;
  readonly task: string;
  readonly attempt: number;
  readonly input: Attempt['input'];
  readonly folders?: Execution['folders'];
}

/** Java does not look at TMPDIR by itself. */
const javaLine = 'exec "$0" -Djava.io.tmpdir="$TMPDIR" "$@"';

function argvOf(run: Run, interpreters: Interpreters): readonly string[] {
  if (run.kind === 'command') return run.argv;
  if (run.kind === 'shell') return ['sh', '-c', run.line];
  if (run.kind === 'snippet') return ['bash', '-c', run.code];
  if (run.kind !== 'script') throw new Error(`${run.kind} is not a program`);
  const args = run.args ?? [];
  if (run.language !== 'java') return [interpreters[run.language], run.path, ...args];
  const flags = run.path.endsWith('.jar') ? ['-jar'] : [];
  return ['sh', '-c', javaLine, interpreters.java, ...flags, run.path, ...args];
}

export function programOrder(attempt: Attempt, interpreters: Interpreters): ProgramOrder {
  const { execution, spec } = attempt;
  return {
    argv: argvOf(spec.run, interpreters),
    ...(spec.run.kind === 'script' ? { script: spec.run.path } : {}),
    cwd: folderOf(spec),
    env: spec.env,
    folder: attempt.place?.folder,
    step: attempt.place?.step,
    run: execution.run,
    workflow: execution.workflow,
    task: execution.task,
    attempt: execution.attempt,
    input: attempt.input,
    ...(execution.folders && { folders: execution.folders }),
  };
}
