import { isPinned, type TypeName, typeNameOf } from '../contract/image.ts';
import { Problem, type ProblemDetail } from '../contract/problem.ts';
import type { Task, Workflow } from '../contract/workflow.ts';
import type { Ports } from '../ports/ports.ts';
import { type FoundTypes, findTypes } from './images.ts';
import type { EngineSettings } from './settings.ts';

/**
 * The workflow with what the images say that its tasks name: what they run, in which pool, and what they ask for as far as
 * the workflow does not say so itself. It is another workflow then, which no later push changes. The same object when no
 * task is of an image.
 */
export async function withTypes(
  ports: Pick<Ports, 'table' | 'clock'>,
  settings: EngineSettings,
  workflow: Workflow,
): Promise<Workflow> {
  const named = workflow.tasks.some(({ image }) => image !== undefined);
  return named ? new TypedTasks(ports, settings, workflow).filled() : workflow;
}

class TypedTasks {
  readonly #find: (name: TypeName) => Promise<FoundTypes>;
  readonly #workflow: Workflow;
  readonly #found = new Map<string, Promise<FoundTypes>>();
  readonly #refused: ProblemDetail[] = [];
  /** Ids of the tasks of each type. */
  readonly #ofType = new Map<string, string[]>();

  constructor(ports: Pick<Ports, 'table' | 'clock'>, settings: EngineSettings, workflow: Workflow) {
    this.#workflow = workflow;
    this.#find = (name) => findTypes(ports, settings, name);
    for (const { id, image = '' } of workflow.tasks) {
      const name = typeNameOf(image);
      if (name !== undefined) push(this.#ofType, keyOf(name), id);
    }
  }

  async filled(): Promise<Workflow> {
    const tasks: Task[] = [];
    for (const [at, task] of this.#workflow.tasks.entries())
      tasks.push(task.image === undefined ? task : await this.#fill(task, task.image, at));
    if (this.#refused.length === 0) return { ...this.#workflow, tasks };
    const message = this.#refused.map((detail) => detail.message).join('; ');
    throw new Problem('workflow-invalid', message, this.#refused);
  }

  async #fill(task: Task, image: string, at: number): Promise<Task> {
    const name = typeNameOf(image);
    // What is no name is told by who checks workflows; what was taken from a run is filled already.
    if (name === undefined || (isPinned(name) && task.run.kind !== 'none')) return task;
    const { digest, types } = await this.#typesOf(name);
    const type = types.find(({ id }) => id === name.type);
    if (type === undefined) return this.#refuse(task, at, noSuchType(name, digest, types));
    const needs = [...(task.needs ?? [])];
    for (const need of type.needs ?? []) {
      const ids = this.#ofType.get(keyOf({ pool: name.pool, type: need }));
      if (ids === undefined) return this.#refuse(task, at, lacksNeed(name, need));
      needs.push(...ids);
    }
    return merged(task, type, {
      image: `${name.pool}/${name.type}@${digest}`,
      pool: name.pool,
      needs: [...new Set(needs)],
    });
  }

  #typesOf(name: TypeName): Promise<FoundTypes> {
    const key = `${name.pool}@${name.digest ?? ''}`;
    const known = this.#found.get(key) ?? this.#find(name);
    this.#found.set(key, known);
    return known;
  }

  #refuse(task: Task, at: number, why: string): Task {
    const message = `task ${task.id}: ${why}`;
    this.#refused.push({ pointer: `/tasks/${at}/image`, message });
    return task;
  }
}

const keyOf = ({ pool, type }: Pick<TypeName, 'pool' | 'type'>): string => `${pool}/${type}`;

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** What a workflow says of its task goes over what the image says. */
function merged(task: Task, type: Task, fixed: Partial<Task>): Task {
  const { id: _id, needs: _needs, ...said } = type;
  const { run: _none, ...own } = task;
  const resources = { ...said.resources, ...own.resources };
  const limits = { ...said.limits, ...own.limits };
  const env = { ...said.env, ...own.env };
  return { ...said, ...own, resources, limits, env, ...fixed } as Task;
}

const noSuchType = (
  { pool, type }: TypeName,
  digest: string,
  types: readonly { readonly id: string }[],
): string => {
  const known = types.map(({ id }) => id).join(', ');
  const which = known === '' ? 'it has none: its labels name no task' : `only ${known}`;
  return `the image ${digest.slice(0, 19)} of the pool ${pool} has no task type ${type}; ${which}`;
};

const lacksNeed = ({ pool, type }: TypeName, need: string): string =>
  `its type ${pool}/${type} needs a task of the type ${pool}/${need}, and this workflow has none`;
