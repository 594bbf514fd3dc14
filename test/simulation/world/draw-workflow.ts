import type { Json } from '../../../src/contract/json.ts';
import {
  namedRules,
  type Retry,
  type Rule,
  type Task,
  type Workflow,
} from '../../../src/contract/workflow.ts';
import type { Stream } from '../kernel/random.ts';

/** What a workflow may hold. Each seed draws its own, so that some runs are all of one kind. */
export interface Taste {
  readonly tasksMax: number;
  /** Chances, for each task. */
  readonly rules: number;
  readonly maps: number;
  readonly nothings: number;
  readonly retries: number;
  readonly limits: number;
  readonly deliveries: number;
  readonly templates: number;
  readonly mayFail: number;
  /** Instead of all. */
  readonly shapes?: readonly Shape[];
  /** That the last task needs all others, and runs always. */
  readonly finals?: number;
  /** Of those with retries: that they wait for more than a queue can delay. */
  readonly waits?: number;
  /** At least so many tasks. Default: 1. */
  readonly tasksMin?: number;
  /** That no loss is forgiven. */
  readonly fragile?: number;
  /** Whether all are calls, which travel together. */
  readonly calls?: boolean;
}

export function drawTaste(stream: Stream, tasksMax: number): Taste {
  const rate = (max: number): number => (stream.chance(0.3) ? 0 : stream.next() * max);
  return {
    tasksMax: Math.max(1, Math.round(tasksMax * stream.next() ** 2)),
    rules: rate(0.6),
    maps: rate(0.3),
    nothings: rate(0.3),
    retries: rate(1),
    limits: rate(0.5),
    deliveries: rate(0.6),
    templates: rate(0.8),
    mayFail: rate(0.4),
  };
}

const shapes = ['layers', 'chain', 'diamonds', 'fan', 'loose', 'tree', 'any'] as const;
export type Shape = (typeof shapes)[number];

/** A workflow in canonical form, of the shapes that break engines: joins of none, one and many, diamonds, chains, fans. */
export function drawWorkflow(stream: Stream, name: string, taste: Taste): Workflow {
  const shape = stream.pick(taste.shapes ?? shapes);
  const count = stream.int(taste.tasksMin ?? 1, taste.tasksMax);
  const ids = Array.from({ length: count }, (_, n) => `t${String(n).padStart(2, '0')}`);
  const tasks: Task[] = [];
  for (let n = 0; n < count; n++) {
    const before = tasks.map((_, i) => i);
    const needs = needsOf[shape](stream, n, count, before).map((need) => tasks[need] as Task);
    tasks.push(drawTask(stream, taste, ids[n] as string, needs));
  }
  if (taste.finals && stream.chance(taste.finals)) tasks.push(finalOf(tasks));
  return { name, tasks };
}

const finalOf = (tasks: readonly Task[]): Task => ({
  id: 'tz',
  needs: tasks.map(({ id }) => id),
  rule: 'always',
  run: { kind: 'command', argv: ['work'] },
});

type Draw = (stream: Stream, n: number, count: number, before: readonly number[]) => number[];

/** Which of the tasks `before` it task `n` needs, rising. */
const needsOf: { readonly [shape in Shape]: Draw } = {
  chain: (_stream, n) => (n === 0 ? [] : [n - 1]),
  loose: () => [],
  tree: (_stream, n) => (n === 0 ? [] : [Math.floor((n - 1) / 2)]),
  diamonds: (_stream, n, _count, before) => {
    if (n === 0) return [];
    return n % 3 === 0 ? before.slice(-2) : [n - (n % 3)];
  },
  fan: (_stream, n, count, before) => {
    if (n === 0) return [];
    return n === count - 1 ? [...before] : [0];
  },
  layers: (stream, n, count, before) => {
    const width = Math.max(1, Math.ceil(Math.sqrt(count)));
    const layer = Math.floor(n / width);
    const above = layer === 0 ? [] : before.slice((layer - 1) * width, layer * width);
    return stream.some(above, stream.int(1, width));
  },
  any: (stream, n, _count, before) =>
    stream.some(before, stream.int(0, stream.chance(0.1) ? n : Math.min(3, n))),
};

function drawTask(stream: Stream, taste: Taste, id: string, needs: readonly Task[]): Task {
  const rule = stream.chance(taste.rules) ? drawRule(stream, needs.length) : undefined;
  const each = stream.chance(taste.maps) ? drawEach(stream, needs, rule) : undefined;
  const idle = stream.chance(taste.nothings);
  const input =
    idle || rule !== undefined || !stream.chance(taste.templates)
      ? undefined
      : drawInput(stream, needs);
  return {
    id,
    ...(needs.length > 0 && { needs: needs.map((need) => need.id) }),
    ...(rule && { rule }),
    run: idle ? { kind: 'none' } : drawRun(stream, taste),
    ...(input && { with: input }),
    ...(each && { each }),
    ...(idle ? {} : drawOptions(stream, taste)),
    ...(stream.chance(taste.mayFail) && { mayFail: true }),
    ...(taste.fragile && stream.chance(taste.fragile) && { lostMax: 0 }),
  };
}

function drawRun(stream: Stream, { calls }: Taste): Task['run'] {
  return stream.chance(0.5) || calls
    ? { kind: 'function', language: 'node', path: 'work.js', name: 'work' }
    : { kind: 'command', argv: ['work'] };
}

/** Rules that want one are refused where there are no needs. */
function drawRule(stream: Stream, needs: number): Rule | undefined {
  const named = namedRules.filter((name) => name !== 'all-succeeded');
  if (needs === 0) return stream.pick(named.filter((name) => !name.includes('any')));
  const roll = stream.next();
  if (roll < 0.12) return { atLeast: stream.int(1, needs) };
  if (roll < 0.24) return { atLeastPercent: stream.int(1, 100) };
  return stream.pick(named);
}

export const refTo = (path: string): string => `\${{ ${path} }}`;

const letters: readonly Json[] = ['a', 'b', 'c', 'd'];

/** Lists that are empty, nested, computed of what a need put out, or no list at all. */
function drawEach(
  stream: Stream,
  needs: readonly Task[],
  rule: Rule | undefined,
): Json[] | undefined {
  const few = (): Json[] => letters.slice(0, stream.int(0, 4)) as Json[];
  const plain = needs.filter((need) => need.each === undefined && need.run.kind !== 'none');
  const roll = stream.next();
  if (roll < 0.25) return [few(), few()];
  if (roll < 0.4) return [[few(), few(), few()], refTo('item')];
  if (roll < 0.6 && plain.length > 0 && rule === undefined)
    return [refTo(`tasks.${stream.pick(plain).id}.output.list`)];
  if (roll < 0.64) return [refTo('run.id')];
  if (roll < 0.68) return [refTo('input.missing')];
  return [few()];
}

/** An input that rests on a need's output, which the executor checks. */
function drawInput(stream: Stream, needs: readonly Task[]): Json | undefined {
  if (stream.chance(0.03)) return { from: refTo('input.missing') };
  const plain = needs.filter((need) => need.each === undefined && need.run.kind !== 'none');
  if (plain.length === 0) return { constant: stream.int(0, 9) };
  return { from: refTo(`tasks.${stream.pick(plain).id}.output.value`) };
}

function drawOptions(stream: Stream, taste: Taste): Partial<Task> {
  const roll = stream.chance(taste.deliveries) ? stream.next() : 1;
  if (roll < 0.3) return { delivery: 'at-most-once', ...drawLimits(stream, taste) };
  const retry = stream.chance(taste.retries) ? { retry: drawRetry(stream, taste) } : {};
  if (roll < 0.6) return { delivery: 'at-least-once', ...retry, ...drawLimits(stream, taste) };
  const lost = roll < 0.75 ? { onLost: 'fail' as const } : {};
  const lostMax = roll < 0.9 && roll >= 0.75 ? { lostMax: stream.int(0, 3) } : {};
  return { ...retry, ...drawLimits(stream, taste), ...lost, ...lostMax };
}

function drawLimits(stream: Stream, taste: Taste): Partial<Task> {
  if (!stream.chance(taste.limits)) return {};
  const limits = {
    runMs: stream.int(1, 60) * 1_000,
    ...(stream.chance(0.1) && { queueMs: stream.int(5, 600) * 1_000 }),
  };
  return { limits };
}

const WAIT_MS = 20 * 60_000;
const waiting: NonNullable<Retry['backoff']> = {
  shape: 'list',
  delaysMs: [WAIT_MS],
  delayMsMax: WAIT_MS,
  jitter: 'none',
};

function drawRetry(stream: Stream, { waits }: Taste): Retry {
  const attemptsMax = stream.int(2, 4);
  if (waits && stream.chance(waits)) return { attemptsMax: 2, backoff: waiting };
  const shape = stream.pick(['fixed', 'linear', 'list', undefined] as const);
  const delayMsMin = stream.int(1, 100) * 50 + 1;
  const backoff =
    shape === 'list'
      ? { shape, delaysMs: [100, delayMsMin, 20_000] }
      : {
          ...(shape && { shape }),
          delayMsMin,
          ...(stream.chance(0.3) && { jitter: 'none' as const }),
        };
  const policies = stream.chance(0.4) ? { policies: [drawPolicy(stream)] } : {};
  return { attemptsMax, backoff, ...policies };
}

function drawPolicy(stream: Stream): NonNullable<Retry['policies']>[number] {
  const match = stream.pick([
    { exitCodes: [2, 3] },
    { errors: ['Fatal*'] },
    { reasons: ['time-limit'] },
  ]);
  if (stream.chance(0.5)) return { match, action: 'fail' };
  return { match, action: 'retry', attemptsMax: stream.int(1, 5) };
}

/** The workflow without some of its tasks, for shrinking: what needed them needs them no more. */
export function without(
  workflow: Workflow,
  dropped: (id: string) => boolean,
): Workflow | undefined {
  const tasks = workflow.tasks
    .filter((task) => !dropped(task.id))
    .map((task) => detach(task, dropped));
  return tasks.length === 0 ? undefined : { ...workflow, tasks };
}

function detach(task: Task, dropped: (id: string) => boolean): Task {
  const { needs: before = [], with: input, each, rule, ...kept } = task;
  const needs = before.filter((id) => !dropped(id));
  const gone = before.filter(dropped);
  const names = (json: Json | undefined): boolean =>
    json !== undefined && gone.some((id) => JSON.stringify(json).includes(`tasks.${id}.`));
  const wantsOne = typeof rule === 'object' || rule?.includes('any') === true;
  const tooMany = typeof rule === 'object' && 'atLeast' in rule && rule.atLeast > needs.length;
  return {
    ...kept,
    ...(needs.length > 0 && { needs }),
    ...(rule && !(needs.length === 0 && wantsOne) && !tooMany && { rule }),
    ...(input !== undefined && !names(input) && { with: input }),
    ...(each && { each: names(each) ? [letters] : each }),
  };
}
