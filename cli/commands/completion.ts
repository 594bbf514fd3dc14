import { Problem } from '../../src/contract/problem.ts';
import { type Act, required } from '../command.ts';
import { completionFor, shells } from '../completion.ts';
import { exitCodes } from '../exit-codes.ts';

/** Prints the script; with `--json` as a field. */
export const act: Act = async (context, args) => {
  const name = required(args, 0);
  const shell = shells.find((known) => known === name);
  if (shell === undefined)
    throw new Problem('input-invalid', `${name}: expected one of ${shells.join(', ')}`);
  const script = completionFor(shell, context.program());
  context.sayJson({ shell, script });
  context.say(script.trimEnd());
  return exitCodes.succeeded;
};
