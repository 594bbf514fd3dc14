import type { AttemptError } from '../../../src/contract/execution.ts';
import type { Json } from '../../../src/contract/json.ts';
import type { ErrorPolicy, Rule, Task, Workflow } from '../../../src/contract/workflow.ts';
import { refTo } from './draw-workflow.ts';
import type { Fate, Fates } from './fates.ts';

/** `doomed`: skipped because something above it failed; seen as `skipped`. */
export type Verdict = 'succeeded' | 'failed' | 'skipped' | 'doomed';

export interface Expected {
  /** Each task's possible verdicts; one, where nothing depends on time. */
  readonly tasks: ReadonlyMap<string, ReadonlySet<Verdict>>;
  /** Spawned tasks that need not exist. */
  readonly perhaps: ReadonlySet<string>;
  readonly run: ReadonlySet<'succeeded' | 'failed'>;
}

export interface Circumstances {
  /** How many attempts at one task may be lost because runners die or stand still; 0: they do not. */
  readonly lossesMax: number;
  /** How many attempts at one task may be handed back, in a drain or since the run is paused. Default: 0. */
  readonly releasesMax?: number;
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
  readonly #lossesMax: number;
  readonly #releasesMax: number;
  readonly #tasks = new Map<string, Verdicts>();
  readonly #perhaps = new Set<string>();
  readonly #mayFail = new Map<string, boolean>();

  constructor(workflow: Workflow, fates: Fates, { lossesMax, releasesMax = 0 }: Circumstances) {
    this.#workflow = workflow;
    this.#fates = fates;
    this.#lossesMax = lossesMax;
    this.#releasesMax = releasesMax;
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
    if (JSON.stringify(task.with ?? null).includes('input.missing')) return only('failed');
    return this.#plain(id, task, sure);
  }

  #map(
    id: string,
    task: Task,
    each: readonly Json[],
    items: readonly Json[],
    sure: boolean,
  ): Verdicts {
    const elements = this.#elements(each[0] as Json, items);
    if (elements === undefined) return only('failed');
    const children = elements.map((element, n) => {
      const child = `${id}[${n}]`;
      const verdicts = this.#started(child, task, each.slice(1), [...items, element], sure);
      this.#note(child, task, verdicts, sure);
      return verdicts;
    });
    return closed(only('succeeded'), children);
  }

  /** Undefined: no list. */
  #elements(template: Json, items: readonly Json[]): readonly Json[] | undefined {
    if (template === refTo('item')) {
      const last = items.at(-1);
      return Array.isArray(last) ? last : undefined;
    }
    const source = /^\$\{\{ tasks\.(\w+)\.output\.list \}\}$/.exec(String(template))?.[1];
    if (source !== undefined) return this.#fates.listOf(source);
    return Array.isArray(template) ? template : undefined;
  }

  #plain(id: string, task: Task, sure: boolean): Verdicts {
    const own = this.#tries(id, task);
    const requests = this.#fates.childrenOf(id, task);
    if (requests.length === 0) return own;
    const exist = sure && own.size === 1 && own.has('succeeded');
    const waitedFor: Verdicts[] = [];
    for (const request of requests) {
      const child = `${id}/${request.key}`;
      const { each: _each, with: _with, ...kept } = task;
      const definition: Task = { ...kept, run: request.run ?? task.run };
      const verdicts = this.#started(child, definition, [], [], exist);
      this.#note(child, definition, verdicts, exist);
      if (!request.detached) waitedFor.push(verdicts);
    }
    return closed(own, waitedFor);
  }

  /** The verdicts of a task's own work: every way that attempts may fail or be lost. */
  #tries(id: string, task: Task): Verdicts {
    const verdicts = new Set<Verdict>();
    const seen = new Set<number>();
    const work: Tries[] = [{ attempt: 1, tries: 0, lost: 0 }];
    for (let at = work.pop(); at !== undefined; at = work.pop()) {
      const name = (at.attempt * 1_000 + at.tries) * 1_000 + at.lost;
      if (seen.has(name)) continue;
      seen.add(name);
      for (const end of this.#ends(id, task, at)) {
        const after = afterEnd(task, end, at);
        for (const verdict of after.verdicts) verdicts.add(verdict);
        if (after.next) work.push(after.next);
      }
    }
    return verdicts;
  }

  #ends(id: string, task: Task, { attempt, tries, lost }: Tries): readonly End[] {
    const fate = this.#fates.of(id, attempt, task);
    const released: readonly End[] =
      attempt - 1 - tries - lost < this.#releasesMax ? ['released'] : [];
    if (fate.end === 'kills') return ['lost', ...released];
    const ends: End[] = [ownEnd(task, fate), ...released];
    if (task.limits?.queueMs !== undefined) ends.push({ reason: 'queue-limit', message: '' });
    if (lost < this.#lossesMax || fate.zombieMs > 0) ends.push('lost');
    return ends;
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

type End = 'succeeded' | 'lost' | 'released' | AttemptError;

/** The attempt at hand, and how many before it failed and were lost. */
interface Tries {
  readonly attempt: number;
  readonly tries: number;
  readonly lost: number;
}

function ownEnd(task: Task, fate: Fate): End {
  const runMs = task.limits?.runMs ?? Number.POSITIVE_INFINITY;
  if (fate.end === 'hangs' || fate.durationMs > runMs) return { reason: 'time-limit', message: '' };
  return fate.end === 'fails' ? fate.error : 'succeeded';
}

/** The verdicts that an attempt's end may bring, and the attempt that may follow. */
function afterEnd(
  task: Task,
  end: End,
  { attempt, tries, lost }: Tries,
): { readonly verdicts: readonly Verdict[]; readonly next?: Tries } {
  if (end === 'succeeded') return { verdicts: ['succeeded'] };
  if (end === 'lost') {
    if (lostIsFinal(task, lost + 1)) return { verdicts: ['failed'] };
    return { verdicts: [], next: { attempt: attempt + 1, tries, lost: lost + 1 } };
  }
  if (end === 'released') {
    const next = { attempt: attempt + 1, tries, lost };
    // Handed back at work, it is as good as lost; unbegun, it is as good as new.
    return { verdicts: lostIsFinal(task, 0) ? ['failed'] : [], next };
  }
  if (failureIsFinal(task, end, tries + 1)) return { verdicts: ['failed'] };
  const next = { attempt: attempt + 1, tries: tries + 1, lost };
  return { verdicts: task.retry?.totalMs === undefined ? [] : ['failed'], next };
}

/** A parent whose own work came to `own`, when its sub-tasks have ended. */
function closed(own: Verdicts, children: readonly Verdicts[]): Verdicts {
  const verdicts = new Set<Verdict>(own.has('failed') ? ['failed'] : []);
  if (!own.has('succeeded')) return verdicts;
  if (children.some((child) => [...child].some(isBad))) verdicts.add('failed');
  if (!children.some((child) => [...child].every(isBad))) verdicts.add('succeeded');
  return verdicts;
}

const LOST_MAX = 10;

function lostIsFinal(task: Task, lost: number): boolean {
  if (task.delivery === 'at-most-once' || task.onLost === 'fail') return true;
  return lost > (task.lostMax ?? LOST_MAX);
}

function failureIsFinal(task: Task, error: AttemptError, tries: number): boolean {
  if (task.delivery === 'at-most-once') return true;
  const policy = task.retry?.policies?.find(({ match }) => fits(match, error));
  if (policy?.action === 'fail') return true;
  return tries >= (policy?.attemptsMax ?? task.retry?.attemptsMax ?? 1);
}

function fits(match: ErrorPolicy['match'], error: AttemptError): boolean {
  const { exitCodes, errors, reasons } = match;
  const code = exitCodes === undefined || exitCodes.some((wanted) => wanted === error.exitCode);
  const like = (pattern: string): boolean =>
    new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(error.name ?? '');
  const name = errors === undefined || errors.some(like);
  return code && name && (reasons === undefined || reasons.includes(error.reason));
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
