import type { ProblemDetail } from '../contract/problem.ts';
import type { Task, Workflow } from '../contract/workflow.ts';
import { escapePointer } from '../core/template.ts';
import { checkInput, checkOptions, type Path } from './check-options.ts';
import { PartsCheck } from './check-parts.ts';
import { findCycles } from './cycles.ts';
import { mistakesMax } from './mistakes.ts';
import { didYouMean } from './suggest.ts';
import { quoted } from './tree.ts';

/** A mistake that only the workflow as a whole shows. */
export interface Finding {
  /** The task's place in `tasks`; -1: the workflow itself. */
  readonly task: number;
  /** From the task, or the workflow, to what is wrong: keys and places of the canonical form. */
  readonly path: Path;
  readonly message: string;
}

/** How many names of a cycle are shown. */
const NAMES_MAX = 10;

/** The mistakes of a workflow whose structure is right already; at most 20. Linear in tasks and needs. */
export function checkWorkflow(workflow: Workflow): ProblemDetail[] {
  return findMistakes(workflow).map(({ task, path, message }) => {
    const place = task < 0 ? path : ['tasks', task, ...path];
    const pointer = place.map((part) => `/${escapePointer(String(part))}`).join('');
    return { pointer, message };
  });
}

export function findMistakes(workflow: Workflow): Finding[] {
  const check = new Check(workflow);
  check.run();
  return check.findings;
}

class Check {
  readonly findings: Finding[] = [];
  readonly #workflow: Workflow;
  readonly #tasks: readonly Task[];
  readonly #numbers = new Map<string, number>();

  constructor(workflow: Workflow) {
    this.#workflow = workflow;
    this.#tasks = workflow.tasks;
  }

  run(): void {
    checkInput(this.#workflow, (path, message) => this.#tell(-1, path, message));
    this.#number();
    const edges = this.#edges();
    for (const cycle of findCycles(edges, this.#tasks.length, this.#left)) this.#cycle(cycle);
    const parts = new PartsCheck(this.#workflow);
    let at = 0;
    const tell = (path: Path, message: string): boolean => this.#tell(at, path, message);
    for (; at < this.#tasks.length && this.#left > 0; at++) {
      checkOptions(this.#tasks[at] as Task, tell);
      parts.check(this.#tasks[at] as Task, tell);
    }
  }

  get #left(): number {
    return mistakesMax - this.findings.length;
  }

  #tell(task: number, path: Path, message: string): boolean {
    if (this.#left > 0) this.findings.push({ task, path, message });
    return this.#left > 0;
  }

  #number(): void {
    const numbers = this.#numbers;
    for (let i = 0; i < this.#tasks.length; i++) {
      const { id } = this.#tasks[i] as Task;
      if (numbers.has(id)) this.#tell(i, ['id'], `the task ${quoted(id)} is there twice`);
      else numbers.set(id, i);
    }
  }

  #edges(): { start: Int32Array; list: Int32Array } {
    const tasks = this.#tasks;
    let count = 0;
    for (const task of tasks) count += task.needs?.length ?? 0;
    const start = new Int32Array(tasks.length + 1);
    const list = new Int32Array(count);
    let end = 0;
    for (let i = 0; i < tasks.length; i++) {
      const needs = (tasks[i] as Task).needs;
      if (needs !== undefined) end = this.#needs(i, needs, list, end);
      start[i + 1] = end;
    }
    return { start, list };
  }

  /** Fills in the numbers of a task's needs, and returns where they end. Left out: unknown ones, itself, doubles. */
  #needs(task: number, needs: readonly string[], list: Int32Array, from: number): number {
    let end = from;
    for (let i = 0; i < needs.length; i++) {
      const need = needs[i] as string;
      const number = this.#numbers.get(need);
      if (number === undefined) this.#unknown(task, i, need);
      else if (number === task) this.#tell(task, ['needs', i], `${quoted(need)} needs itself`);
      else list[end++] = number;
    }
    if (needs.length > 1) this.#doubles(task, needs);
    return end;
  }

  #doubles(task: number, needs: readonly string[]): void {
    if (isRising(needs) || new Set(needs).size === needs.length) return;
    const seen = new Set<string>();
    const at = needs.findIndex((need) => seen.size === seen.add(need).size);
    this.#tell(task, ['needs', at], `${quoted(needs[at] as string)} is needed twice`);
  }

  #unknown(task: number, at: number, need: string): void {
    if (this.#left <= 0) return;
    const near = didYouMean(need, this.#numbers.keys());
    this.#tell(task, ['needs', at], `unknown need ${quoted(need)}: there is no such task${near}`);
  }

  /** Told at the need that closes the ring, of the task on it that comes first. */
  #cycle(ring: readonly number[]): void {
    const first = ring.indexOf(ring.reduce((a, b) => Math.min(a, b)));
    const turned = [...ring.slice(first), ...ring.slice(0, first)];
    const names = turned.map((task) => (this.#tasks[task] as Task).id);
    const next = names[1] ?? (names[0] as string);
    const needs = (this.#tasks[turned[0] as number] as Task).needs ?? [];
    const message = `tasks need each other in a cycle: ${shown(names)}`;
    this.#tell(turned[0] as number, ['needs', needs.indexOf(next)], message);
  }
}

const isRising = (needs: readonly string[]): boolean => {
  for (let i = 1; i < needs.length; i++)
    if ((needs[i - 1] as string) >= (needs[i] as string)) return false;
  return true;
};

function shown(names: readonly string[]): string {
  const half = NAMES_MAX / 2;
  const hidden = names.length - NAMES_MAX;
  const parts =
    hidden <= 0
      ? names
      : [...names.slice(0, half), `… ${hidden} more …`, ...names.slice(names.length - half)];
  return [...parts, names[0]].join(' → ');
}
