import { readFile, stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Problem } from '../contract/problem.ts';
import type { Workflow } from '../contract/workflow.ts';
import { parseScheduledText } from './parse.ts';
import type { OwnSchedule } from './read-schedule.ts';
import { sizeMax, tooLarge } from './text.ts';
import { whyUnreadable } from './why-unreadable.ts';

export interface LoadedWorkflow {
  readonly workflow: Workflow;
  /** Where the paths of its scripts and functions begin: the folder of the file. */
  readonly folder: string;
  /** When it runs, if the file says so. */
  readonly schedule?: OwnSchedule;
}

const textEndings = new Set(['.yaml', '.yml', '.json']);
const moduleEndings = new Set(['.ts', '.mts', '.mjs', '.js']);

/**
 * Loads a workflow from a file. `.yaml`, `.yml` and `.json` are read; modules (`.ts`, `.mjs`, `.js`) are imported, and
 * their default export is the workflow. Messages name the file as it is given here.
 */
export async function loadWorkflow(path: string): Promise<LoadedWorkflow> {
  const ending = extname(path).toLowerCase();
  const isModule = moduleEndings.has(ending);
  if (!isModule && !textEndings.has(ending))
    throw unreadable(
      path,
      'a workflow is a file that ends in .yaml, .yml, .json, .ts, .mjs or .js',
    );
  const absolute = resolve(path);
  await checkFile(path, absolute);
  const loaded = isModule
    ? { workflow: await importWorkflow(path, absolute) }
    : parseScheduledText(await readText(path, absolute), path);
  return { ...loaded, folder: dirname(absolute) };
}

const unreadable = (path: string, why: string): Problem =>
  new Problem('file-unreadable', `${path}: ${why}`, [{ file: path, message: why }]);

async function checkFile(path: string, absolute: string): Promise<void> {
  const found = await stat(absolute).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, whyUnreadable(error));
  });
  if (!found.isFile()) throw unreadable(path, found.isDirectory() ? 'is a folder' : 'is no file');
  if (found.size > sizeMax) throw unreadable(path, tooLarge(found.size));
}

async function readText(path: string, absolute: string): Promise<string> {
  const bytes = await readFile(absolute).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, whyUnreadable(error));
  });
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unreadable(path, 'its text is not UTF-8');
  }
}

interface Definable {
  toDefinition(): Workflow;
}

const isDefinable = (value: unknown): value is Definable =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Partial<Definable>).toDefinition === 'function';

async function importWorkflow(path: string, absolute: string): Promise<Workflow> {
  const module = await importModule(path, absolute);
  const made = module.default;
  if (!isDefinable(made))
    throw unreadable(path, 'its default export must be a workflow: export default workflow(…)');
  return made.toDefinition();
}

async function importModule(path: string, absolute: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(absolute).href)) as Record<string, unknown>;
  } catch (error) {
    // The workflow's own mistakes, when the module compiles it itself.
    if (error instanceof Problem) throw error;
    throw unreadable(path, `it cannot be imported: ${String(error)}`);
  }
}
