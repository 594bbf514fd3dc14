import { Problem, type ProblemDetail } from '../../src/contract/problem.ts';
import type { Act } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { detailText, placeText } from '../failure.ts';
import { count } from '../render/text.ts';
import { loadFile } from '../workflow-file.ts';

interface Checked {
  readonly file: string;
  readonly tasks?: number;
  readonly errors: readonly ProblemDetail[];
}

/** Checks workflow files; prints each mistake with its place. */
export const act: Act = async (context, [files = []]) => {
  const checked: Checked[] = [];
  for (const file of [files].flat()) checked.push(await check(context.path(file)));
  const valid = checked.every(({ errors }) => errors.length === 0);
  context.sayJson({ valid, files: checked });
  const { cwd } = context.shell;
  for (const { errors } of checked) {
    for (const detail of errors) context.say(detailText(detail, cwd));
  }
  for (const { file, tasks, errors } of checked) {
    const found =
      errors.length > 0 ? count(errors.length, 'mistake') : `fine, ${count(tasks ?? 0, 'task')}`;
    context.note(`${placeText({ file }, cwd)}: ${found}`);
  }
  return valid ? exitCodes.succeeded : exitCodes.invalid;
};

async function check(file: string): Promise<Checked> {
  try {
    const { workflow } = await loadFile(file);
    return { file, tasks: workflow.tasks.length, errors: [] };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const details = error.details.length > 0 ? error.details : [{ message: error.message }];
    return { file, errors: details.map((detail) => ({ file, ...detail })) };
  }
}
