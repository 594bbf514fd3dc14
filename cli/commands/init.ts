import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Problem } from '../../src/contract/problem.ts';
import { type Act, text } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { templates } from '../templates.ts';

/** Writes a small workflow that works. Overwrites nothing. */
export const act: Act = async (context, args) => {
  const given = text(args[0]) ?? '.';
  const folder = context.path(given);
  const files = Object.entries(templates).map(([name, content]) => ({
    path: join(folder, name),
    content,
  }));
  const there = files.filter(({ path }) => existsSync(path));
  if (there.length > 0) {
    const names = there.map(({ path }) => relative(context.shell.cwd, path)).join(', ');
    throw new Problem('file-unreadable', `${names} exists already; nothing was written`);
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
