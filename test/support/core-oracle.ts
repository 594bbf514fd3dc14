/**
 * An independent evaluation of a run, by recursion and with nothing of the core: what each task's outcome must be, given
 * how its attempts end. Scripts are functions of a task's id and attempt, so order plays no part.
 */
import type { SpawnRequest } from '../../src/contract/execution.ts';
import type { Outcome, RunState } from '../../src/contract/state.ts';
import type { Rule, Task } from '../../src/contract/workflow.ts';

/** How one attempt ends, and what it asks for before. */
export interface Ending {
  readonly kind: 'succeeded' | 'failed' | 'lost' | 'released' | 'cancelled';
  readonly spawns: readonly SpawnRequest[];
}

export interface Script {
  ending(id: string, attempt: number): Ending;
  /** The elements of a map at one level of nesting; undefined: its list can't be computed. */
  elements(id: string, task: Task, level: number): number | undefined;
}

/** `skipped`: by failure or not is told apart, as rules do. */
export type Verdict = Exclude<Outcome, 'skipped'> | 'skipped' | 'skippedByFailure';

export interface Judgement {
  readonly tasks: ReadonlyMap<string, Verdict>;
  readonly run: RunState;
}

export function judge(tasks: readonly Task[], script: Script): Judgement {
  const verdicts = new Map<string, Verdict>();
  const mayFail = new Map<string, boolean>();
  const byId = new Map(tasks.map((task) => [task.id, task]));

  const note = (id: string, task: Task, verdict: Verdict): Verdict => {
    verdicts.set(id, verdict);
    mayFail.set(id, task.mayFail === true);
    return verdict;
  };

  const own = (id: string): Verdict => {
    const known = verdicts.get(id);
    if (known !== undefined) return known;
    const task = byId.get(id) as Task;
    const needs = (task.needs ?? []).map(own);
    if (holds(task.rule ?? 'all-succeeded', needs)) return expand(id, task, 0);
    return note(id, task, needs.some(isBad) ? 'skippedByFailure' : 'skipped');
  };

  /** A map, a map's element, or a task that runs. */
  const expand = (id: string, task: Task, level: number): Verdict => {
    if (level >= (task.each?.length ?? 0)) return work(id, task);
    const count = script.elements(id, task, level);
    if (count === undefined) return note(id, task, 'failed');
    const children = Array.from({ length: count }, (_, i) =>
      expand(`${id}[${i}]`, task, level + 1),
    );
    return note(id, task, children.some(isBad) ? 'failed' : 'succeeded');
  };

  const work = (id: string, task: Task): Verdict => {
    if (task.run.kind === 'none') return note(id, task, 'succeeded');
    const { verdict, children } = attempts(id, task, script);
    let bad = false;
    for (const [key, request] of children) {
      const child = work(`${id}/${key}`, { ...task, run: request.run ?? task.run });
      if (request.detached !== true) bad ||= isBad(child);
    }
    return note(id, task, verdict === 'succeeded' && bad ? 'failed' : verdict);
  };

  for (const { id } of tasks) own(id);
  const unforgiven = [...verdicts].filter(([id]) => mayFail.get(id) !== true);
  const any = (verdict: Verdict): boolean => unforgiven.some(([, is]) => is === verdict);
  const run = any('failed') ? 'failed' : any('cancelled') ? 'cancelled' : 'succeeded';
  return { tasks: verdicts, run };
}

const isBad = (verdict: Verdict): boolean =>
  verdict === 'failed' || verdict === 'cancelled' || verdict === 'skippedByFailure';

function attempts(
  id: string,
  task: Task,
  script: Script,
): { verdict: Verdict; children: Map<string, SpawnRequest> } {
  const children = new Map<string, SpawnRequest>();
  const seen = { failed: 0, lost: 0, released: 0 };
  for (let attempt = 1; ; attempt++) {
    const { kind, spawns } = script.ending(id, attempt);
    for (const one of spawns) children.set(one.key, children.get(one.key) ?? one);
    if (kind === 'succeeded' || kind === 'cancelled') return { verdict: kind, children };
    seen[kind]++;
    if (isLast(task, kind, seen[kind])) return { verdict: 'failed', children };
  }
}

/** Whether no attempt follows the nth that ended so. */
function isLast(task: Task, kind: 'failed' | 'lost' | 'released', n: number): boolean {
  if (kind === 'released') return false;
  if (task.delivery === 'at-most-once') return true;
  if (kind === 'failed') return n >= (task.retry?.attemptsMax ?? 1);
  return task.onLost === 'fail' || n > (task.lostMax ?? 10);
}

/** Whether a rule is met, said of the needs' final outcomes in the words of the contract. */
export function holds(rule: Rule, needs: readonly Verdict[]): boolean {
  const count = (...which: readonly Verdict[]): number =>
    needs.filter((need) => which.includes(need)).length;
  const succeeded = count('succeeded');
  const skipped = count('skipped', 'skippedByFailure');
  const notWell = count('failed', 'cancelled', 'skippedByFailure');
  if (typeof rule !== 'string') {
    if ('atLeast' in rule) return succeeded >= rule.atLeast;
    return succeeded > 0 && succeeded * 100 >= rule.atLeastPercent * needs.length - 1e-6;
  }
  const met: Record<typeof rule, boolean> = {
    'all-succeeded': succeeded === needs.length,
    'all-failed': count('failed') === needs.length,
    'all-done': true,
    'all-skipped': skipped === needs.length,
    'any-succeeded': succeeded > 0,
    'any-failed': count('failed') > 0,
    'any-done': needs.length > 0,
    'none-failed': notWell === 0,
    'none-failed-any-succeeded': notWell === 0 && succeeded > 0,
    'none-skipped': skipped === 0,
    always: true,
  };
  return met[rule];
}
