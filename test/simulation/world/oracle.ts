import type { SpawnRequest } from '../../../src/contract/execution.ts';
import type { Json } from '../../../src/contract/json.ts';
import type { Rule, Task, Workflow } from '../../../src/contract/workflow.ts';
import { refTo } from './draw-workflow.ts';
import type { Fates } from './fates.ts';
import { type Circumstances, ownVerdicts, type Verdict } from './own-work.ts';

export type { Verdict };

export interface Expected {
  /** Each task's possible verdicts; one, where nothing depends on time. */
  readonly tasks: ReadonlyMap<string, ReadonlySet<Verdict>>;
  /** Spawned tasks that need not exist. */
  readonly perhaps: ReadonlySet<string>;
  readonly run: ReadonlySet<'succeeded' | 'failed'>;
}

/**
 * What a run that is neither cancelled nor run again must come to: told from the definition and the fates of its attempts
 * alone. Shares no code with what it judges.
 */
export function foresee(workflow: Workflow, fates: Fates, circumstances: Circumstances): Expected {
  return new Oracle(workflow, fates, circumstances).foresee();
}

type Verdicts = ReadonlySet<Verdict>;
const only = (verdict: Verdict): Verdicts => new Set([verdict]);
const union = (sets: readonly Verdicts[]): Verdicts => new Set(sets.flatMap((set) => [...set]));
const isBad = (verdict: Verdict): boolean => verdict === 'failed' || verdict === 'doomed';

class Oracle {
  readonly #workflow: Workflow;
  readonly #fates: Fates;
  readonly #circumstances: Circumstances;
  readonly #tasks = new Map<string, Verdicts>();
  readonly #perhaps = new Set<string>();
  readonly #mayFail = new Map<string, boolean>();

  constructor(workflow: Workflow, fates: Fates, circumstances: Circumstances) {
    this.#workflow = workflow;
    this.#fates = fates;
    this.#circumstances = circumstances;
  }

  foresee(): Expected {
    const left = new Set(this.#workflow.tasks);
    while (left.size > 0) {
      const before = left.size;
      for (const task of left) {
        if (!(task.needs ?? []).every((need) => this.#tasks.has(need))) continue;
        left.delete(task);
        this.#task(task);
      }
      if (left.size === before) throw new Error('the workflow has a cycle');
    }
    return { tasks: this.#tasks, perhaps: this.#perhaps, run: this.#run() };
  }

  #task(task: Task): void {
    const needs = (task.needs ?? []).map((need) => this.#tasks.get(need) as Verdicts);
    const starts = foreseeStart(task.rule ?? 'all-succeeded', needs);
    const skips = (['skipped', 'doomed'] as const).filter((skip) => starts.has(skip)).map(only);
    const sure = starts.size === 1;
    const verdicts = starts.has('ready')
      ? [this.#started(task.id, task, task.each ?? [], [], sure)]
      : [];
    this.#note(task.id, task, union([...skips, ...verdicts]), true);
  }

  #note(id: string, task: Task, verdicts: Verdicts, sure: boolean): void {
    this.#tasks.set(id, verdicts);
    this.#mayFail.set(id, task.mayFail === true);
    if (!sure) this.#perhaps.add(id);
  }

  /** The verdicts of a task that starts; notes its sub-tasks. */
  #started(
    id: string,
    task: Task,
    each: readonly Json[],
    items: readonly Json[],
    sure: boolean,
  ): Verdicts {
    if (each.length > 0) return this.#map(id, task, each, items, sure);
    if (task.run.kind === 'none') return only('succeeded');
    if (isImpossible(task)) return only('failed');
    return this.#plain(id, task, sure);
  }

  #map(
    id: string,
    task: Task,
    each: readonly Json[],
    items: readonly Json[],
    sure: boolean,
  ): Verdicts {
    const elements = elementsOf(each[0] as Json, items, this.#fates);
    if (elements === undefined) return only('failed');
    const children = elements.map((element, n) => {
      const child = `${id}[${n}]`;
      const verdicts = this.#started(child, task, each.slice(1), [...items, element], sure);
      this.#note(child, task, verdicts, sure);
      return verdicts;
    });
    return closed(only('succeeded'), children);
  }

  #plain(id: string, task: Task, sure: boolean): Verdicts {
    const own = ownVerdicts(id, task, this.#fates, this.#circumstances);
    const requests = this.#fates.childrenOf(id, task);
    if (requests.length === 0) return own;
    const exist = sure && own.size === 1 && own.has('succeeded');
    const waitedFor: Verdicts[] = [];
    for (const request of requests) {
      const child = `${id}/${request.key}`;
      const definition = spawnedTask(task, request);
      const verdicts = this.#started(child, definition, [], [], exist);
      this.#note(child, definition, verdicts, exist);
      if (!request.detached) waitedFor.push(verdicts);
    }
    return closed(own, waitedFor);
  }

  #run(): ReadonlySet<'succeeded' | 'failed'> {
    const run = new Set<'succeeded' | 'failed'>();
    const counting = [...this.#tasks].filter(([id]) => this.#mayFail.get(id) !== true);
    if (counting.some(([, verdicts]) => verdicts.has('failed'))) run.add('failed');
    const mustFail = counting.some(
      ([id, verdicts]) => verdicts.size === 1 && verdicts.has('failed') && !this.#perhaps.has(id),
    );
    if (!mustFail) run.add('succeeded');
    return run;
  }
}

/** What a map is over: its template's list, that of the element above, or a need's. Undefined: no list. */
export function elementsOf(
  template: Json,
  items: readonly Json[],
  fates: Fates,
): readonly Json[] | undefined {
  if (template === refTo('item')) {
    const last = items.at(-1);
    return Array.isArray(last) ? last : undefined;
  }
  const source = /^\$\{\{ tasks\.(\w+)\.output\.list \}\}$/.exec(String(template))?.[1];
  if (source !== undefined) return fates.listOf(source);
  return Array.isArray(template) ? template : undefined;
}

/** Whether a task's own input names what is nowhere, so that it can't be started. */
export const isImpossible = (task: Task): boolean =>
  JSON.stringify(task.with ?? null).includes('input.missing');

/** What a sub-task that was asked for is. */
export function spawnedTask(parent: Task, request: SpawnRequest): Task {
  const { each: _each, with: _with, ...kept } = parent;
  return { ...kept, run: request.run ?? parent.run };
}

/** A parent whose own work came to `own`, when its sub-tasks have ended. */
function closed(own: Verdicts, children: readonly Verdicts[]): Verdicts {
  const verdicts = new Set<Verdict>(own.has('failed') ? ['failed'] : []);
  if (!own.has('succeeded')) return verdicts;
  if (children.some((child) => [...child].some(isBad))) verdicts.add('failed');
  if (!children.some((child) => [...child].every(isBad))) verdicts.add('succeeded');
  return verdicts;
}

type Start = 'ready' | 'skipped' | 'doomed';
const COMBINATIONS_MAX = 2_000;

/** Whether a task may start, must be skipped, and why: every way, over what its needs may come to. */
export function foreseeStart(rule: Rule, needs: readonly Verdicts[]): ReadonlySet<Start> {
  const ways = needs.reduce((product, set) => product * set.size, 1);
  if (ways > COMBINATIONS_MAX) return new Set(['ready', 'skipped', 'doomed']);
  const starts = new Set<Start>();
  const chosen: Verdict[] = [];
  const choose = (n: number): void => {
    const set = needs[n];
    if (set === undefined) starts.add(startOf(rule, chosen));
    else
      for (const verdict of set) {
        chosen[n] = verdict;
        choose(n + 1);
      }
  };
  choose(0);
  return starts;
}

/** How many needs have which verdict. */
interface Count {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly doomed: number;
}

/** When each rule is met, with all needs ended. */
const rules: { readonly [rule in Extract<Rule, string>]: (count: Count) => boolean } = {
  'all-succeeded': (c) => c.succeeded === c.total,
  'all-failed': (c) => c.failed === c.total,
  'all-done': () => true,
  'all-skipped': (c) => c.skipped + c.doomed === c.total,
  'any-succeeded': (c) => c.succeeded > 0,
  'any-failed': (c) => c.failed > 0,
  'any-done': (c) => c.total > 0,
  'none-failed': (c) => c.failed + c.doomed === 0,
  'none-failed-any-succeeded': (c) => c.failed + c.doomed === 0 && c.succeeded > 0,
  'none-skipped': (c) => c.skipped + c.doomed === 0,
  always: () => true,
};

const enough = (rule: Exclude<Rule, string>, { total, succeeded }: Count): boolean => {
  if ('atLeast' in rule) return succeeded >= rule.atLeast;
  return succeeded >= Math.max(1, Math.ceil((total * rule.atLeastPercent) / 100));
};

/** With all needs ended. */
function startOf(rule: Rule, needs: readonly Verdict[]): Start {
  const of = (verdict: Verdict): number => needs.filter((need) => need === verdict).length;
  const count: Count = {
    total: needs.length,
    succeeded: of('succeeded'),
    failed: of('failed'),
    skipped: of('skipped'),
    doomed: of('doomed'),
  };
  const met = typeof rule === 'string' ? rules[rule](count) : enough(rule, count);
  if (met) return 'ready';
  return count.failed + count.doomed === 0 ? 'skipped' : 'doomed';
}

/** What a run was found to be, against what it must be: each difference in words. */
export function compare(
  expected: Expected,
  found: { readonly run: string; readonly tasks: ReadonlyMap<string, string> },
): readonly string[] {
  const shown = (verdicts: Iterable<Verdict>): ReadonlySet<string> =>
    new Set(Array.from(verdicts, (verdict) => (verdict === 'doomed' ? 'skipped' : verdict)));
  const wrong: string[] = [];
  for (const [id, verdicts] of expected.tasks) {
    const state = found.tasks.get(id);
    const may = shown(verdicts);
    if (state === undefined ? !expected.perhaps.has(id) : !may.has(state))
      wrong.push(`task ${id} is ${state ?? 'not there'}, not ${[...may].join(' or ')}`);
  }
  for (const id of found.tasks.keys())
    if (!expected.tasks.has(id)) wrong.push(`task ${id} is there, and nobody asked for it`);
  if (!(expected.run as ReadonlySet<string>).has(found.run))
    wrong.push(`the run is ${found.run}, not ${[...expected.run].join(' or ')}`);
  return wrong;
}
