import type { ExecutionSpec } from '../contract/execution.ts';
import type { Code, Task } from '../contract/workflow.ts';

/** What tasks that may travel in one message have in common. */
export interface TaskType {
  /** Equal for equal types. */
  readonly key: string;
  readonly spec: ExecutionSpec;
}

const typesKept = 10_000;
const byText = new Map<string, TaskType>();
const byTask = new WeakMap<Task, TaskType>();

/**
 * One type for all definitions that run the same in the same folder, so that a thousand tasks that differ in their name
 * and input alone are one kind of work. Types are values: keeping some is a matter of speed only.
 */
export function typeOf(definition: Task, code: Code | undefined): TaskType {
  const known = byTask.get(definition);
  if (known && isSame(known.spec.code, code)) return known;
  const { run, limits, env } = definition;
  const spec: ExecutionSpec = {
    run,
    ...(limits && { limits }),
    ...(env && { env }),
    ...(code && { code }),
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

const isSame = (a: Code | undefined, b: Code | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && placeOf(a) === placeOf(b));

const placeOf = (code: Code): string => ('folder' in code ? code.folder : code.blob);
