import { installsDependencies } from '../contract/code.ts';
import type { ExecutionSpec } from '../contract/execution.ts';
import type { Code, Task } from '../contract/workflow.ts';

import type { Meta } from './items.ts';

/** What tasks that may travel in one message have in common. */
export interface TaskType {
  /** Equal for equal types. */
  readonly key: string;
  readonly spec: ExecutionSpec;
}

/** What, beside `run` and the code, makes the type. */
const beside = [
  'limits',
  'resources',
  'env',
  'code',
  'dependencies',
  'artifacts',
  'delivery',
  'pool',
] as const satisfies readonly (keyof Task)[];

const typesKept = 10_000;
const byText = new Map<string, TaskType>();
const byTask = new WeakMap<Task, TaskType>();
let last: { readonly definition: Task; readonly type: TaskType } | undefined;

/**
 * One type for all definitions that run the same in the same folder, so that a thousand tasks that differ in their name
 * and input alone are one kind of work. Types are values: keeping some is a matter of speed only.
 */
export function typeOf(definition: Task, of: Pick<Meta, 'code' | 'codes'>): TaskType {
  const code = definition.code === undefined ? of.code : of.codes?.[definition.code];
  if (last && isSame(last.type.spec.code, code) && isAlike(last.definition, definition))
    return last.type;
  const known = byTask.get(definition);
  const type = known && isSame(known.spec.code, code) ? known : typeByText(definition, code);
  last = { definition, type };
  return type;
}

function typeByText(definition: Task, code: Code | undefined): TaskType {
  const { run, limits, resources, env } = definition;
  const spec: ExecutionSpec = {
    run,
    ...(limits && { limits }),
    ...(resources && { resources }),
    ...(env && { env }),
    ...(code && { code }),
    ...(definition.artifacts && { artifacts: true as const }),
    ...(code && installsDependencies(definition) && { dependencies: 'auto' as const }),
  };
  const { delivery, pool } = definition;
  const text = JSON.stringify([spec, delivery, pool]);
  let type = byText.get(text);
  if (type === undefined) {
    type = { key: text, spec };
    if (byText.size >= typesKept) byText.clear();
    byText.set(text, type);
  }
  byTask.set(definition, type);
  return type;
}

/** Of wide levels, where a task is most often as the one before, writing each as text would be a large part of the work. */
const isAlike = (a: Task, b: Task): boolean =>
  a === b || (beside.every((field) => a[field] === b[field]) && isEqualFlat(a.run, b.run));

function isEqualFlat(a: object, b: object): boolean {
  for (const field in a)
    if (a[field as keyof typeof a] !== b[field as keyof typeof b]) return false;
  for (const field in b) if (!(field in a)) return false;
  return true;
}

const isSame = (a: Code | undefined, b: Code | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && placeOf(a) === placeOf(b));

const placeOf = (code: Code): string => ('folder' in code ? code.folder : code.blob);
