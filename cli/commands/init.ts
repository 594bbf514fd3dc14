import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { Problem } from '../../src/contract/problem.ts';
import { type Act, text } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { packageRoot } from '../package-root.ts';
import { templates } from '../templates.ts';

/** Editors complete and check a workflow whose first line names the schema. */
function withSchema(path: string, content: string): { path: string; content: string } {
  const schema = relative(dirname(path), join(packageRoot(), 'docs', 'workflow.schema.json'));
  return { path, content: `# yaml-language-server: $schema=${schema}\n${content}` };
}

/** Writes a small workflow that works. Overwrites nothing. */
export const act: Act = async (context, args) => {
  const given = text(args[0]) ?? '.';
  const folder = context.path(given);
  const files = Object.entries(templates)
    .map(([name, content]) => ({ path: join(folder, name), content }))
    // A project that is there already has its own.
    .filter(({ path }) => basename(path) !== 'README.md' || !existsSync(path))
    .map(({ path, content }) =>
      path.endsWith('.yaml') ? withSchema(path, content) : { path, content },
    );
  const there = files.filter(({ path }) => existsSync(path));
  if (there.length > 0) {
    const names = there.map(({ path }) => relative(context.shell.cwd, path)).join(', ');
    throw new Problem(
      'file-unreadable',
      `${names} ${there.length === 1 ? 'is' : 'are'} there already; nothing was written`,
    );
  }
  try {
    for (const { path, content } of files) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content, { flag: 'wx' });
    }
  } catch (error) {
    throw new Problem('file-unreadable', `cannot write: ${(error as Error).message}`);
  }
  const shown = files.map(({ path }) => relative(context.shell.cwd, path));
  context.sayJson({ folder, files: files.map(({ path }) => path) });
  for (const path of shown) context.say(`wrote ${path}`);
  context.note(`now: npx fanfold run ${shown[0]}`);
  return exitCodes.succeeded;
};
