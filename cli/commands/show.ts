import type { Fanfold, TasksFilter } from '../../src/client/fanfold.ts';
import type { AttemptView, Counts, RunView, TaskView } from '../../src/contract/api.ts';
import type { AttemptError } from '../../src/contract/execution.ts';
import { Problem } from '../../src/contract/problem.ts';
import { isEnded, type TaskState, taskStates } from '../../src/contract/state.ts';
import { resourcesText } from '../../src/definition/resources.ts';
import { type Act, optional, required, text } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import {
  endedOf,
  inputText,
  runLines,
  runningText,
  stateWords,
  totalOf,
} from '../render/run-lines.ts';
import { clockTime, count, cut, duration, harmless, table } from '../render/text.ts';
import { openAny, resolveRun, using } from '../servers.ts';
import { colourOfState, failureText, outcomeLine, outputLines } from '../summary.ts';

const TASKS_SHOWN = 100;
/** As many as one call answers with. */
const PAGE_MAX = 1000;

/** Shows a run, its tasks in one state, or one task. */
export const act: Act = async (context, args, options) =>
  using(await openAny(context), async ({ fanfold }) => {
    const id = await resolveRun(fanfold, required(args, 0));
    const task = text(args[1]);
    if (task !== undefined) await showTask(context, fanfold, id, task);
    else if (options.tasks !== undefined) await showTasks(context, fanfold, id, options.tasks);
    else await showRun(context, await fanfold.run(id), options.all === true);
    return exitCodes.succeeded;
  });

/** Of a level with more groups than so many, the others are one line; and below the picture there is room for facts. */
const GROUPS_MAX = 8;
const ROWS_MIN = 12;
const FACT_ROWS = 8;

async function showRun(context: Context, view: RunView, all: boolean): Promise<void> {
  const { shell, paint, say, sayJson, flags } = context;
  sayJson(view);
  if (flags.json === true) return;
  const now = shell.now();
  const { columns } = shell.stdout;
  if (isEnded(view.state)) say(outcomeLine(view, now, paint));
  else say(`run ${view.id} ${view.workflow} is ${colourOfState(view.state, paint)(view.state)}`);
  for (const line of factLines(view, now)) say(line);
  const room = all
    ? { rows: Number.POSITIVE_INFINITY }
    : { rows: Math.max(ROWS_MIN, shell.stdout.rows - FACT_ROWS), groupsMax: GROUPS_MAX };
  const picture = runLines({ ...view, running: [] }, { columns, now, paint, ...room });
  for (const line of picture.slice(1)) say(line);
  if (picture.some((line) => line.includes('… ')))
    context.note('--all shows every line, --tasks every task');
  section(
    context,
    'running:',
    view.running.map((task) => `  ${runningText(task, now)}`),
  );
  section(
    context,
    'placed:',
    (view.placed ?? []).map(({ task, why }) => `  ${harmless(`${task} ${why}`)}`),
  );
  section(
    context,
    'failed:',
    view.failures.map((failure) => `  ${failureText(failure)}`),
  );
  section(context, 'results:', outputLines(view, columns));
}

function section({ say, shell }: Context, title: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  say(title);
  for (const line of lines) say(cut(line, shell.stdout.columns));
}

function factLines(view: RunView, now: number): string[] {
  const facts: [string, string | undefined][] = [
    ['reason', view.reason],
    ['stuck', view.stuck],
    ['input', inputText(view.input) || undefined],
    ['tags', view.tags.join(', ') || undefined],
    ['created', clockTime(view.createdAt, now)],
    ['rerun', view.generation > 1 ? count(view.generation - 1, 'time') : undefined],
    ['code', view.codeFolder],
  ];
  return facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd(8)} ${harmless(value)}`],
  );
}

async function showTasks(
  context: Context,
  fanfold: Fanfold,
  id: string,
  wanted: unknown,
): Promise<void> {
  const state = stateOf(wanted);
  const filter = optional('state', state);
  if (context.flags.json === true) {
    context.sayJson({ items: await allTasks(fanfold, id, filter), next: null });
    return;
  }
  const page = await fanfold.tasks(id, { ...filter, limit: TASKS_SHOWN });
  const rows = page.items.map((task) => [task.id, task.state, String(task.attempt), factOf(task)]);
  const lines = table([['TASK', 'STATE', 'ATTEMPT', ''], ...rows], context.shell.stdout.columns);
  for (const line of lines) context.say(line);
  if (page.next !== null) context.note('more are not shown; --json and the API have all');
}

async function allTasks(fanfold: Fanfold, id: string, filter: TasksFilter): Promise<TaskView[]> {
  const items: TaskView[] = [];
  for (let after: string | undefined; ; ) {
    const page = await fanfold.tasks(id, {
      ...filter,
      limit: PAGE_MAX,
      ...optional('after', after),
    });
    for (const task of page.items) items.push(task);
    if (page.next === null) return items;
    after = page.next;
  }
}

function stateOf(wanted: unknown): TaskState | undefined {
  if (wanted === true) return undefined;
  const state = taskStates.find((one) => one === wanted);
  if (state !== undefined) return state;
  throw new Problem('input-invalid', `--tasks ${wanted}: expected one of ${taskStates.join(', ')}`);
}

const factOf = (task: TaskView): string =>
  harmless(
    task.error ? errorText(task.error) : (task.step ?? timeOf(task.startedAt, task.endedAt)),
  );

type Fact = [label: string, value: string | undefined];

function subTaskFacts({ subTasks }: TaskView, now: number): Fact[] {
  if (subTasks === undefined) return [];
  const { counts, last } = subTasks;
  return [
    ['below', countsText(counts)],
    ['last', last && runningText(last, now)],
  ];
}

/** `2/4 sub-tasks done  1 running  1 failed`. */
const countsText = (counts: Counts): string =>
  `${endedOf(counts)}/${totalOf(counts)} sub-tasks done  ${stateWords(counts)}`.trimEnd();

/** With the name, which retries may go by. */
const errorText = ({ name, message }: AttemptError): string =>
  name === undefined ? message : `${name}: ${message}`;

const timeOf = (from: number | undefined, to: number | undefined): string =>
  from === undefined || to === undefined ? '' : duration(to - from);

async function showTask(
  context: Context,
  fanfold: Fanfold,
  id: string,
  name: string,
): Promise<void> {
  const task = await fanfold.task(id, name);
  context.sayJson(task);
  if (context.flags.json === true) return;
  const now = context.shell.now();
  const state = colourOfState(task.state, context.paint)(task.state);
  context.say(`task ${task.id} of run ${id} is ${state}, attempt ${task.attempt}`);
  const running = {
    task: task.id,
    attempt: task.attempt,
    since: task.startedAt ?? now,
    ...optional('step', task.step),
    ...optional('stepAt', task.stepAt),
    ...optional('progress', task.progress),
  };
  const facts: Fact[] = [
    ['running', task.state === 'running' ? runningText(running, now) : undefined],
    ['again', task.readyAt === undefined ? undefined : `in ${duration(task.readyAt - now)}`],
    ...subTaskFacts(task, now),
    ['needs', task.needs.join(', ') || undefined],
    ...placeFacts(task),
    ['input', task.input === undefined ? blobText(task.inputBlob) : JSON.stringify(task.input)],
    ['output', task.output === undefined ? undefined : JSON.stringify(task.output)],
    ['left', leftText(task)],
    ['error', task.error && errorText(task.error)],
  ];
  for (const [label, value] of facts) {
    if (value !== undefined) context.say(`  ${label.padEnd(8)} ${harmless(value)}`);
  }
  section(context, 'attempts:', (task.attempts ?? []).map(attemptText));
}

/** What an attempt has for itself, and why there. */
const placeFacts = ({ resources = {}, placed }: TaskView): Fact[] => [
  ['has', resourcesText(resources) || undefined],
  ['placed', placed],
];

const leftText = ({ artifacts }: TaskView): string | undefined =>
  artifacts && `${count(artifacts.count, 'artifact')}, ${artifacts.bytes} bytes`;

const blobText = (blob: TaskView['inputBlob']): string | undefined =>
  blob && `${blob.size} bytes, blob ${blob.blob}`;

function attemptText(attempt: AttemptView): string {
  const parts = [
    `  ${attempt.attempt}`,
    attempt.outcome,
    attempt.outcome === 'lost' ? '' : duration(attempt.endedAt - attempt.startedAt),
    attempt.cpuSeconds === undefined ? '' : `cpu ${attempt.cpuSeconds.toFixed(2)} s`,
    attempt.memoryMb === undefined ? '' : `memory ${Math.round(attempt.memoryMb)} MB`,
    attempt.refused === undefined ? '' : `refused: ${attempt.refused}`,
    attempt.error === undefined ? '' : errorText(attempt.error),
  ];
  return harmless(parts.filter((part) => part !== '').join('  '));
}
