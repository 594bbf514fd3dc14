import type { Execution } from '../../../src/contract/execution.ts';
import type { Json, JsonObject } from '../../../src/contract/json.ts';
import type { Task, Workflow } from '../../../src/contract/workflow.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { refTo } from './draw-workflow.ts';
import { type Fate, type Fates, rootId } from './fates.ts';

/** A run of the plan: what it is, and what its attempts will come to. */
export interface Planned {
  readonly id: string;
  readonly workflow: Workflow;
  readonly input: JsonObject;
  readonly fates: Fates;
}

export interface Entry {
  readonly run: string;
  readonly task: string;
  readonly attempt: number;
  /** The runner's life. */
  readonly by: string;
  /** Virtual ms. */
  readonly at: number;
}

/** All attempts that ever ran, as the world saw them: what no actor can know, and every checker wants to. */
export class Book {
  readonly entries: Entry[] = [];
  /** Hears of each attempt that begins. */
  onBegin: (entry: Entry, definition: Task) => void = () => {};
  /** How often a run was run again. */
  generationOf: (run: string) => number = () => 1;
  readonly #kernel: Kernel;
  readonly #runs: ReadonlyMap<string, Planned>;
  readonly #ran = new Map<string, Entry>();

  constructor(kernel: Kernel, runs: readonly Planned[]) {
    this.#kernel = kernel;
    this.#runs = new Map(runs.map((run) => [run.id, run]));
  }

  /** Writes down that an attempt begins to run, and tells its fate. */
  begin(execution: Execution, by: string): Fate {
    const { run, task, attempt } = execution;
    const { planned, definition } = this.#find(run, task);
    const entry = { run, task, attempt, by, at: this.#kernel.time };
    this.entries.push(entry);
    this.#kernel.counters.add('an attempt ran');
    this.#checkOnce(entry, definition);
    this.#checkInput(execution, definition, planned.fates);
    this.onBegin(entry, definition);
    return planned.fates.of(task, attempt, definition);
  }

  #find(run: string, task: string): { readonly planned: Planned; readonly definition: Task } {
    const planned = this.#runs.get(run);
    const definition = planned?.workflow.tasks.find(({ id }) => id === rootId(task));
    if (planned === undefined || definition === undefined)
      throw new Error(`nobody submitted ${run} ${task}`);
    return { planned, definition };
  }

  /** A claimed attempt runs at most once; one delivered at least once may run again. */
  #checkOnce(entry: Entry, { delivery }: Task): void {
    // A parent that runs again may ask anew for what it had asked for: these are new sub-tasks.
    const spawned = entry.task !== rootId(entry.task);
    const which = spawned ? `generation ${this.generationOf(entry.run)}` : '';
    const name = `${entry.run} ${entry.task} ${entry.attempt} ${which}`;
    const before = this.#ran.get(name);
    this.#ran.set(name, entry);
    if (before === undefined) return;
    if (delivery === 'at-least-once') this.#kernel.counters.add('an attempt ran twice');
    else this.#kernel.violate('P4', `${name} runs at ${before.by}, and again at ${entry.by}`);
  }

  #checkInput({ run, task, input }: Execution, definition: Task, fates: Fates): void {
    if (task.includes('/')) return;
    const want = inputOf(definition, fates);
    if (want === undefined || JSON.stringify(input) === JSON.stringify(want)) return;
    const [got, wanted] = [JSON.stringify(input), JSON.stringify(want)];
    this.#kernel.violate('P3', `${run} ${task} got the input ${got}, not ${wanted}`);
  }
}

/** Undefined: not foretold. */
function inputOf({ with: template, needs = [] }: Task, fates: Fates): Json | undefined {
  if (typeof template !== 'object' || template === null || !('from' in template)) return template;
  const source = needs.find((need) => template.from === refTo(`tasks.${need}.output.value`));
  return source === undefined ? undefined : { from: fates.valueOf(source) };
}
