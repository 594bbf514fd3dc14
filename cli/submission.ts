/** From the command line to a submit: the workflow file, the input. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import type { SubmitRequest } from '../src/contract/api.ts';
import { isCodePath } from '../src/contract/code.ts';
import type { Json, JsonObject } from '../src/contract/json.ts';
import { Problem } from '../src/contract/problem.ts';
import type { Resources } from '../src/contract/resources.ts';
import type { Codes, Workflow } from '../src/contract/workflow.ts';
import { parseResources } from '../src/definition/resources.ts';
import { whyUnreadable } from '../src/definition/why-unreadable.ts';
import { type Options, optional, text, texts } from './command.ts';
import type { Context } from './context.ts';
import { loadFile } from './workflow-file.ts';

/** Takes `--input`, `--input-file`, `--resources`, `--tag` and `--no-code` into account. */
export async function requestOf(
  context: Context,
  file: string,
  options: Options,
  asks: 'a run' | 'a schedule' = 'a run',
): Promise<SubmitRequest> {
  const { workflow, code, schedule } = await loadFile(context.path(file));
  if (schedule !== undefined && asks === 'a run')
    context.note(
      `one run, now; its schedule is for \`${context.hint(`schedules create ${file}`)}\``,
    );
  const codes = codesOf(workflow, code.folder);
  const input = inputOf(context, workflow, options);
  const resources = resourcesOf(options);
  const tags = texts(options.tag);
  return {
    workflow,
    ...(options.code !== false && { code }),
    ...optional('codes', codes),
    ...optional('input', input),
    ...optional('resources', resources),
    ...(tags.length > 0 && { tags: [...tags] }),
  };
}

/** What its tasks name by paths, as places on this machine. */
function codesOf({ tasks }: Workflow, folder: string): Codes | undefined {
  const codes: Codes = {};
  for (const { code } of tasks)
    if (code !== undefined && isCodePath(code)) codes[code] = { folder: resolve(folder, code) };
  return Object.keys(codes).length === 0 ? undefined : codes;
}

function inputOf(
  context: Context,
  workflow: Workflow,
  options: Options,
): Record<string, Json> | undefined {
  const path = text(options.inputFile);
  const fromFile = path === undefined ? {} : readInput(context.path(path));
  const given = texts(options.input).map((pair) => inputField(pair, workflow));
  const input = Object.fromEntries([...Object.entries(fromFile), ...given]);
  return Object.keys(input).length === 0 ? undefined : input;
}

/** `task=cpu:2,memory:4GB`, of each task once. */
function resourcesOf(options: Options): SubmitRequest['resources'] {
  const given = texts(options.resources).map((pair): [string, Resources] => {
    const at = pair.indexOf('=');
    try {
      if (at < 1) throw new Problem('input-invalid', 'expected task=cpu:2,memory:4GB');
      return [pair.slice(0, at), parseResources(pair.slice(at + 1))];
    } catch (error) {
      throw new Problem('input-invalid', `--resources ${pair}: ${(error as Error).message}`);
    }
  });
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

function readInput(path: string): JsonObject {
  const content = readText(path);
  let value: unknown;
  try {
    value = parse(content);
  } catch (error) {
    throw new Problem(
      'input-invalid',
      `${path} is neither YAML nor JSON: ${(error as Error).message}`,
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as JsonObject;
  throw new Problem('input-invalid', `${path} holds no input: expected fields with values`);
}

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Problem('file-unreadable', `${path}: ${whyUnreadable(error as Error)}`);
  }
}

/** `name=value`: JSON if it is, else text; always text for a field whose type is `string`. */
export function inputField(pair: string, workflow: Pick<Workflow, 'input'>): [string, Json] {
  const at = pair.indexOf('=');
  if (at < 1) throw new Problem('input-invalid', `--input ${pair}: expected name=value`);
  const name = pair.slice(0, at);
  const value = pair.slice(at + 1);
  const fields = workflow.input ?? {};
  const type = Object.hasOwn(fields, name) ? fields[name]?.type : undefined;
  return [name, type === 'string' ? value : jsonOrText(value)];
}

function jsonOrText(value: string): Json {
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}
