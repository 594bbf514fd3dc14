import type { Json } from '../contract/json.ts';
import { namePattern, type Task, type Workflow } from '../contract/workflow.ts';
import { type Fields, fieldsOf, jsonOf, textOf, textsOf } from './fields.ts';
import type { Mistakes } from './mistakes.ts';
import { readInput } from './read-input.ts';
import { merge, type Options, optionKeys, readOptions } from './read-options.ts';
import { badName, readRun, runKinds, takesConcurrency } from './read-run.ts';
import { readSchedule } from './read-schedule.ts';
import { timeOf } from './time.ts';
import { type Entry, isMap, kindOf, type Node, quoted } from './tree.ts';

export const workflowKeys: ReadonlySet<string> = new Set([
  'name',
  'description',
  'input',
  'timeout',
  'schedule',
  'defaults',
  'tasks',
]);
export const defaultsKeys: ReadonlySet<string> = new Set(optionKeys);
export const taskKeys: ReadonlySet<string> = new Set([
  'description',
  'needs',
  ...runKinds,
  'with',
  'each',
  ...optionKeys,
]);
const levelsKeys: ReadonlySet<string> = new Set(['levels']);

/** From what an author wrote to a workflow that still is in the author's order. Undefined: nothing of it can be read. */
export function readWorkflow(root: Node, mistakes: Mistakes): Workflow | undefined {
  if (!isMap(root))
    return mistakes.add(
      root,
      `a workflow must be a map with "name" and "tasks", not ${kindOf(root)}`,
    );
  const fields = fieldsOf(root, 'a workflow', workflowKeys, mistakes);
  const name = readName(fields, root, mistakes);
  const description = fields.get('description');
  const input = fields.get('input');
  const timeout = fields.get('timeout');
  const defaults = readDefaults(fields.get('defaults'), mistakes);
  const tasks = readTasks(fields, root, defaults, mistakes);
  const schedule = fields.get('schedule');
  // Not of what a run is, so not of what this gives: `readOwnSchedule` does.
  if (schedule) readSchedule(schedule, mistakes);
  return {
    name,
    ...(description && { description: textOf(description, mistakes) }),
    ...(input && { input: readInput(input.value, mistakes) }),
    ...(timeout && { timeLimitMs: timeOf(timeout, 'positive', mistakes) }),
    tasks,
  };
}

function readName(fields: Fields, root: Node, mistakes: Mistakes): string {
  const entry = fields.get('name');
  if (entry === undefined) mistakes.add(root, 'the workflow lacks "name"');
  const name = (entry && textOf(entry, mistakes)) ?? '';
  if (entry !== undefined && name !== '' && !namePattern.test(name))
    mistakes.add(entry.value, badName(name));
  return name;
}

interface Defaults {
  readonly options: Options;
  readonly concurrency: Entry | undefined;
}

function readDefaults(entry: Entry | undefined, mistakes: Mistakes): Defaults {
  if (entry === undefined) return { options: {}, concurrency: undefined };
  const fields = fieldsOf(entry.value, '"defaults"', defaultsKeys, mistakes);
  return { options: readOptions(fields, mistakes), concurrency: fields.get('concurrency') };
}

function readTasks(fields: Fields, root: Node, defaults: Defaults, mistakes: Mistakes): Task[] {
  const entry = fields.get('tasks');
  if (entry === undefined) {
    mistakes.add(root, 'the workflow lacks "tasks"');
    return [];
  }
  const node = entry.value;
  if (!isMap(node)) {
    const hint = node.kind === 'list' ? ': write each task as "id:" with its keys below' : '';
    mistakes.add(node, `"tasks" must be a map of tasks, not ${kindOf(node)}${hint}`);
    return [];
  }
  if (node.entries.length === 0) mistakes.add(node, 'a workflow needs at least one task');
  const tasks: Task[] = [];
  for (const task of node.entries) {
    tasks.push(readTask(task, defaults, mistakes));
    if (mistakes.full) break;
  }
  return tasks;
}

/** What a task does when its `run` cannot be read; the mistake keeps it from ever being used. */
const unreadable = { kind: 'none' } as const;

function readTask(entry: Entry, defaults: Defaults, mistakes: Mistakes): Task {
  if (!namePattern.test(entry.key)) mistakes.add(entry, badName(entry.key));
  const fields = fieldsOf(entry.value, `the task ${quoted(entry.key)}`, taskKeys, mistakes);
  if (!isMap(entry.value)) return { id: entry.key, run: unreadable };
  const own = readOptions(fields, mistakes);
  warnOfIdleBackoff(fields, own, defaults.options, mistakes);
  const run = readRun(fields, entry, mistakes) ?? unreadable;
  const needs = fields.get('needs');
  const input = fields.get('with');
  const each = fields.get('each');
  const description = fields.get('description');
  const resources = fields.get('resources');
  if (resources !== undefined && fields.has('none'))
    mistakes.add(resources, '"resources" have no effect on a task that does nothing');
  if (input !== undefined && fields.has('none'))
    mistakes.add(input, '"with" has no effect on a task that does nothing');
  return {
    id: entry.key,
    run: withDefaultConcurrency(run, defaults.concurrency, mistakes),
    ...(needs && { needs: readNeeds(needs, mistakes) }),
    ...(input && { with: jsonOf(input.value) }),
    ...(each && { each: readEach(each, mistakes) }),
    ...(description && { description: textOf(description, mistakes) }),
    ...merge(defaults.options, own),
  };
}

/** A delay between attempts that never come is most often a forgotten `retries`. */
function warnOfIdleBackoff(
  fields: Fields,
  own: Options,
  defaults: Options,
  mistakes: Mistakes,
): void {
  const backoff = fields.get('backoff');
  if (backoff === undefined) return;
  const retry = { ...defaults.retry, ...own.retry };
  if (retry.attemptsMax === undefined && retry.policies === undefined)
    mistakes.add(backoff, '"backoff" has no effect without "retries"');
}

function withDefaultConcurrency(
  run: Task['run'],
  entry: Entry | undefined,
  mistakes: Mistakes,
): Task['run'] {
  if (entry === undefined) return run;
  const node = entry.value;
  const value = node.kind === 'value' ? node.value : undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 10_000) {
    if (!mistakes.full)
      mistakes.add(
        node,
        `"concurrency" must be a whole number from 1 to 10000, not ${kindOf(node)}`,
      );
    return run;
  }
  return takesConcurrency(run) && run.concurrency === undefined
    ? { ...run, concurrency: value }
    : run;
}

function readNeeds(entry: Entry, mistakes: Mistakes): string[] {
  return (textsOf(entry, mistakes) ?? []).map(({ text }) => text);
}

/** A list or a reference; `levels` nests: an inner level is computed for each element of the outer. */
function readEach(entry: Entry, mistakes: Mistakes): Json[] | undefined {
  const node = entry.value;
  if (!isMap(node)) return [eachLevel(node, mistakes)];
  const levels = fieldsOf(node, '"each"', levelsKeys, mistakes).get('levels');
  if (levels === undefined) return mistakes.add(node, '"each" as a map needs "levels"');
  const list = levels.value;
  if (list.kind !== 'list' || list.items.length === 0 || list.items.length > 8)
    return mistakes.add(list, `"levels" must be a list of 1 to 8 levels, not ${kindOf(list)}`);
  return list.items.map((level) => eachLevel(level, mistakes));
}

function eachLevel(node: Node, mistakes: Mistakes): Json {
  const isText = node.kind === 'value' && typeof node.value === 'string';
  if (!isText && node.kind !== 'list')
    mistakes.add(node, `"each" must be a list or a reference to one, not ${kindOf(node)}`);
  return jsonOf(node);
}
