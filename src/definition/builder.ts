import type { Workflow } from '../contract/workflow.ts';
import { TaskHandle, type TaskOptions, type WorkflowOptions } from './builder-options.ts';
import { treeOf } from './builder-tree.ts';
import { makeReference, type Reference } from './handles.ts';
import { compileTree } from './parse.ts';
import { printYaml } from './print.ts';

/** A workflow that is being written. What it holds is checked when it is compiled. */
export class WorkflowBuilder {
  readonly name: string;
  readonly options: WorkflowOptions;
  /** The input of the run: `wf.input.day`. */
  readonly input: Reference = makeReference('input');
  readonly #tasks: TaskHandle[];

  constructor(name: string, options: WorkflowOptions) {
    this.name = name;
    this.options = options;
    this.#tasks = [...(options.tasks ?? [])];
  }

  /** Adds a task. */
  task(id: string, options: TaskOptions): TaskHandle {
    const handle = task(id, options);
    this.#tasks.push(handle);
    return handle;
  }

  /** The canonical workflow. Throws a `workflow-invalid` problem with all mistakes, each with its pointer. */
  toDefinition(): Workflow {
    return compileTree(treeOf(this.name, this.options, this.#tasks), {});
  }

  /** YAML that compiles to the same canonical workflow, and so has the same hash. */
  toYaml(): string {
    return printYaml(this.toDefinition());
  }
}

export const workflow = (name: string, options: WorkflowOptions = {}): WorkflowBuilder =>
  new WorkflowBuilder(name, options);

/** A task that is to be put into a workflow's `tasks`. */
export const task = (id: string, options: TaskOptions): TaskHandle => new TaskHandle(id, options);
