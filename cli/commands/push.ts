import { basename, extname } from 'node:path';
import { archivePath } from '../../src/client/archive-path.ts';
import { Problem } from '../../src/contract/problem.ts';
import { namePattern } from '../../src/contract/workflow.ts';
import { type Act, required, text } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { openToPush, using } from '../servers.ts';

/** Makes a folder, a file or a zip a version of a package. */
export const act: Act = async (context, args, options) => {
  const path = context.path(required(args, 0));
  const name = text(options.name) ?? nameOf(path);
  const bytes = await archivePath(path);
  return using(await openToPush(context), async ({ fanfold, sendCode }) => {
    const pushed = await fanfold.pushPackage(name, await sendCode(bytes));
    context.sayJson(pushed);
    context.say(`${name}@${pushed.digest}`);
    context.note(
      pushed.isNew
        ? `use it by \`code: ${name}\``
        : 'it was there already, and is the last one now',
    );
    return exitCodes.succeeded;
  });
};

function nameOf(path: string): string {
  const name = basename(path, extname(path));
  if (namePattern.test(name)) return name;
  throw new Problem('input-invalid', `${path} gives no name: name the package with --name`);
}
