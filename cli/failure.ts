/** How refusals and errors are told. */
import { relative, sep } from 'node:path';
import { type Place, Problem, type ProblemDetail } from '../src/contract/problem.ts';
import type { Context } from './context.ts';
import { exitCodeOfProblem, exitCodes } from './exit-codes.ts';
import { count, harmless } from './render/text.ts';

/** `file:line:col`, or what there is of it; a module has no lines that we know of, but the place in what it made. */
export function placeText(place: Place, cwd: string): string {
  const file = place.file === undefined ? undefined : shorter(place.file, cwd);
  if (place.line === undefined) return [file, place.pointer].filter(Boolean).join(' ');
  return [file, place.line, place.column].filter((part) => part !== undefined).join(':');
}

function shorter(file: string, cwd: string): string {
  const short = relative(cwd, file);
  return short !== '' && !short.startsWith('..') ? short : file;
}

export function detailText(detail: ProblemDetail, cwd: string): string {
  const place = placeText(detail, cwd);
  const message = harmless(detail.message);
  if (place === '') return message;
  return detail.line === undefined ? `${place}: ${message}` : `${place} ${message}`;
}

/** A headline, then a line for each place. A message that consists of its details is not said twice. */
function problemLines(error: Problem, cwd: string): string[] {
  const details = error.details.map((detail) => detailText(detail, cwd));
  // Paths in messages are as we passed them on: absolute.
  const said = error.message.replaceAll(`${cwd}${sep}`, '').split('\n').map(harmless);
  const isList = error.details.every((detail) => error.message.includes(detail.message));
  if (error.code === 'workflow-invalid' && isList && details.length > 0) {
    const more = said.filter((line) => line.startsWith('and '));
    return [`the workflow has ${count(details.length, 'mistake')}`, ...details, ...more];
  }
  return isList ? said : [...said, ...details];
}

/** Tells an error and gives the exit code. */
export function tellFailure(context: Context, error: unknown): number {
  const { shell, paintNotes } = context;
  context.picture.clear();
  const prefix = paintNotes.red('fanfold:');
  if (!(error instanceof Problem)) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    shell.stderr.write(`${prefix} an error of ours, please report it\n${message}\n`);
    context.sayJson({ problem: { code: 'internal-error', message: String(error) } });
    return exitCodes.failed;
  }
  for (const [i, line] of problemLines(error, shell.cwd).entries()) {
    shell.stderr.write(i === 0 ? `${prefix} ${line}\n` : `  ${line}\n`);
  }
  const { code, message } = error;
  context.sayJson({ problem: { code, message, errors: error.details } });
  return exitCodeOfProblem(error.code);
}
