import type { Json } from '../../../src/contract/json.ts';
import type { Task, Workflow } from '../../../src/contract/workflow.ts';
import type { Fates } from './fates.ts';
import { elementsOf, isImpossible, spawnedTask, type Verdict } from './oracle.ts';
import { type Circumstances, ownVerdicts } from './own-work.ts';
import { noneCounted, ruleMet } from './rule-met.ts';

/** How a task came out in one generation of a run. */
export interface Outcome {
  readonly verdict: Verdict | 'cancelled';
  /** The number of its first attempt in that generation. */
  readonly first: number;
  /** It succeeded in the generation before, and nothing of this one concerns it. */
  readonly kept: boolean;
  /** It is as it was in the generation before, though that is no longer what it follows from. */
  readonly left?: boolean;
}

/** What a run came to in one generation: every task that counted in it. */
export interface Generation {
  readonly cancelled: boolean;
  readonly tasks: ReadonlyMap<string, Outcome>;
}

/**
 * What of a generation does not follow, each task's outcome from its needs', its sub-tasks' and its attempts': in words.
 * Holds for runs that were paused, cancelled and run again, whose verdicts nobody can foretell. Shares no code with what
 * it judges.
 */
export function unexplained(
  workflow: Workflow,
  fates: Fates,
  circumstances: Circumstances,
  generation: Generation,
): readonly string[] {
  return new Explanation(fates, circumstances, generation).of(workflow);
}

type Start = 'ready' | 'skipped' | 'doomed';

class Explanation {
  readonly #fates: Fates;
  readonly #circumstances: Circumstances;
  readonly #generation: Generation;
  readonly #explained = new Set<string>();
  readonly #wrong: string[] = [];

  constructor(fates: Fates, circumstances: Circumstances, generation: Generation) {
    this.#fates = fates;
    this.#circumstances = circumstances;
    this.#generation = generation;
  }

  of(workflow: Workflow): readonly string[] {
    for (const task of workflow.tasks) this.#task(task);
    for (const id of this.#generation.tasks.keys())
      if (!this.#explained.has(id)) this.#wrong.push(`${id} is there, and nobody asked for it`);
    return this.#wrong;
  }

  #task(task: Task): void {
    const outcome = this.#generation.tasks.get(task.id);
    const start = this.#startOf(task);
    const skipped = outcome?.verdict === 'skipped' || outcome?.verdict === 'doomed';
    if (
      outcome === undefined ||
      start === 'ready' ||
      outcome.kept ||
      this.#isCancelled(task, outcome)
    )
      this.#started(task.id, task, task.each ?? [], []);
    else {
      this.#explained.add(task.id);
      if (outcome.verdict !== start) this.#say(task.id, start);
    }
    if (skipped && start === 'ready') this.#say(task.id, 'to be started');
  }

  #startOf({ needs = [], rule = 'all-succeeded' }: Task): Start {
    const count = noneCounted(needs.length);
    for (const need of needs) count[this.#generation.tasks.get(need)?.verdict ?? 'open']++;
    if (ruleMet(rule, count)) return 'ready';
    return count.failed + count.cancelled + count.doomed === 0 ? 'skipped' : 'doomed';
  }

  /** A cancel ends all that is open, but what runs always. */
  #isCancelled({ rule }: Task, { verdict }: Outcome): boolean {
    return this.#generation.cancelled && rule !== 'always' && verdict === 'cancelled';
  }

  /** A task whose rule is met, or a sub-task. */
  #started(id: string, task: Task, each: readonly Json[], items: readonly Json[]): void {
    this.#explained.add(id);
    const outcome = this.#generation.tasks.get(id);
    if (outcome?.left) this.#say(id, 'begun anew');
    if (outcome === undefined) {
      this.#wrong.push(`${id} is not there`);
      return;
    }
    const children = this.#children(id, task, each, items);
    if (outcome.verdict === 'cancelled') {
      if (!this.#isCancelled(task, outcome)) this.#say(id, 'anything but that');
    } else if (outcome.verdict === 'failed') {
      const own = this.#own(id, task, each, items, outcome);
      const childFailed = own.has('succeeded') && children === 'bad';
      if (!own.has('failed') && !childFailed) this.#say(id, 'succeeded');
    } else if (outcome.verdict === 'succeeded') {
      const own = this.#own(id, task, each, items, outcome);
      if (!own.has('succeeded') || children !== 'good') this.#say(id, 'failed');
    }
  }

  /** What its own work may have come to, sub-tasks apart. */
  #own(
    id: string,
    task: Task,
    each: readonly Json[],
    items: readonly Json[],
    { first, kept }: Outcome,
  ): ReadonlySet<Verdict> {
    if (kept) return new Set(['succeeded']);
    const [template] = each;
    if (template !== undefined) {
      const isList = elementsOf(template, items, this.#fates) !== undefined;
      return new Set([isList ? 'succeeded' : 'failed']);
    }
    if (task.run.kind === 'none') return new Set(['succeeded']);
    if (isImpossible(task)) return new Set(['failed']);
    return ownVerdicts(id, task, this.#fates, this.#circumstances, first);
  }

  /** Explains the sub-tasks. `bad`: one that their parent waits for did not come out well. `few`: some are not there. */
  #children(
    id: string,
    task: Task,
    each: readonly Json[],
    items: readonly Json[],
  ): 'good' | 'bad' | 'few' {
    const [template] = each;
    const children =
      template === undefined
        ? this.#spawned(id, task)
        : (elementsOf(template, items, this.#fates) ?? []).map((element, n) => ({
            id: `${id}[${n}]`,
            task,
            each: each.slice(1),
            items: [...items, element],
            detached: false,
          }));
    const outcomes = children.flatMap((child) => {
      const outcome = this.#generation.tasks.get(child.id);
      if (outcome) this.#started(child.id, child.task, child.each, child.items);
      return child.detached ? [] : [outcome?.verdict];
    });
    if (outcomes.some((verdict) => verdict !== undefined && isBad(verdict))) return 'bad';
    const all = children.every((child) => this.#generation.tasks.has(child.id));
    return all ? 'good' : 'few';
  }

  #spawned(id: string, task: Task) {
    if (task.run.kind === 'none' || isImpossible(task)) return [];
    return this.#fates.childrenOf(id, task).map((request) => ({
      id: `${id}/${request.key}`,
      task: spawnedTask(task, request),
      each: [],
      items: [],
      detached: request.detached === true,
    }));
  }

  #say(id: string, want: string): void {
    const { verdict } = this.#generation.tasks.get(id) as Outcome;
    this.#wrong.push(`${id} is ${verdict}, which does not follow: it ought to be ${want}`);
  }
}

const isBad = (verdict: Outcome['verdict']): boolean =>
  verdict === 'failed' || verdict === 'doomed' || verdict === 'cancelled';
