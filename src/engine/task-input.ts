import type { Json } from '../contract/json.ts';
import type { Task } from '../contract/workflow.ts';
import { definitionOf, itemsOf, segmentAt } from '../core/graph.ts';
import { parseTemplate, type Resolved, resolve } from '../core/reference.ts';
import { stepInputs } from '../core/steps.ts';
import type { LoadedRun } from './loaded-run.ts';
import { type Outputs, plainScope, scopeOf } from './outputs.ts';

export type TaskInput =
  | { readonly kind: 'ok'; readonly value: Json; readonly steps: readonly Json[] }
  | { readonly kind: 'error'; readonly message: string };

const noSteps: readonly Json[] = [];

/** What a task is given, and its steps, when nothing has to be read for it; else undefined. */
export function inputNow(run: LoadedRun, task: number): TaskInput | undefined {
  const definition = definitionOf(run.progress.graph, task);
  const template = templateOf(definition);
  if (template === undefined) return { kind: 'ok', value: givenInput(run, task), steps: noSteps };
  const parsed = parseTemplate(template);
  const reads = parsed.kind === 'ok' && parsed.references.some(({ root }) => root === 'task');
  return reads ? undefined : inputFrom(run, task, resolve(template, plainScope(run, task)));
}

/** As `inputNow`, for an input that rests on other tasks' outputs. */
export async function inputLater(
  outputs: Outputs,
  run: LoadedRun,
  task: number,
): Promise<TaskInput> {
  const template = templateOf(definitionOf(run.progress.graph, task)) ?? [];
  const scope = await scopeOf(outputs, run, task, template);
  return inputFrom(run, task, resolve(template, scope));
}

const templates = new WeakMap<Task, readonly Json[]>();

/** The templates of a task and its steps in one list; undefined when there are none. */
function templateOf(definition: Task): readonly Json[] | undefined {
  const steps = stepInputs(definition.run).templates;
  if (definition.with === undefined && steps.length === 0) return undefined;
  let list = templates.get(definition);
  if (list === undefined) {
    list = [definition.with ?? null, ...steps];
    templates.set(definition, list);
  }
  return list;
}

function inputFrom(run: LoadedRun, task: number, resolved: Resolved): TaskInput {
  if (resolved.kind === 'error') return resolved;
  const [own, ...steps] = resolved.value as readonly Json[];
  const hasOwn = definitionOf(run.progress.graph, task).with !== undefined;
  const value = hasOwn ? (own as Json) : givenInput(run, task);
  return { kind: 'ok', value, steps: steps.length > 0 ? steps : noSteps };
}

/** The input of a task without a template: what spawned it said, its element of a map, or the run's input. */
function givenInput(run: LoadedRun, task: number): Json {
  const { graph } = run.progress;
  const segment = segmentAt(graph, task);
  if (segment === undefined) return run.input;
  if (segment.kind === 'map') return itemsOf(graph, task).at(-1) ?? null;
  return segment.requests?.[task - segment.base]?.with ?? {};
}
