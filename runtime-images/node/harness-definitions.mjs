/** What calls refer to by number: functions in files, and snippets. */
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** How long a file's time of change is believed. */
const STAMP_MS = 20;

const require = createRequire(import.meta.url);
const AsyncFunction = (async () => {}).constructor;

export const definitions = new Map();

export function define(id, run, folder) {
  const definition = { fn: undefined, path: undefined, name: run.name, stamp: 0, checkedAt: 0 };
  definitions.set(id, definition);
  if (run.kind === 'function') {
    definition.path = resolve(folder ?? process.cwd(), run.path);
    return;
  }
  try {
    definition.fn = new AsyncFunction('input', 'task', run.code);
  } catch (error) {
    definition.fn = () => {
      throw error;
    };
  }
}

/** Imports a function's file, again when it has changed. Undefined when what is there still holds. */
export function refresh(definition) {
  if (definition.path === undefined) return undefined;
  const now = performance.now();
  if (definition.fn !== undefined && now - definition.checkedAt < STAMP_MS) return undefined;
  definition.checkedAt = now;
  const stamp = statSync(definition.path, { throwIfNoEntry: false })?.mtimeMs;
  if (stamp === definition.stamp && definition.fn !== undefined) return undefined;
  return load(definition, stamp);
}

async function load(definition, stamp) {
  const { path, name } = definition;
  if (stamp === undefined) throw startError(`the file ${path} is missing`);
  if (require.cache[path] !== undefined) delete require.cache[path];
  const url = pathToFileURL(path);
  url.searchParams.set('v', stamp);
  const module = await import(url.href);
  const fn = module[name] ?? module.default?.[name];
  if (typeof fn !== 'function') throw startError(`${path} exports no function ${name}`);
  definition.stamp = stamp;
  definition.fn = fn;
}

function startError(message) {
  return Object.assign(new Error(message), { reason: 'start' });
}
