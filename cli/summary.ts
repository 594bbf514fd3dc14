/** What is said of a run that has ended: outcome, time, why it failed, where its results are. */

import type { Fanfold } from '../src/client/fanfold.ts';
import type { RunView } from '../src/contract/api.ts';
import type { Context, Paint } from './context.ts';
import { totalOf } from './render/run-lines.ts';
import { count, cut, duration, harmless } from './render/text.ts';

const FAILURES_SHOWN = 5;
const OUTPUTS_SHOWN = 10;
const LOG_LINES_SHOWN = 8;
const LOG_PAGES_MAX = 20;

export function colourOfState(state: string, paint: Paint): (text: string) => string {
  if (state === 'succeeded') return paint.green;
  if (state === 'failed') return paint.red;
  if (state === 'running' || state === 'ready') return paint.cyan;
  return state === 'paused' || state === 'backoff' ? paint.yellow : paint.gray;
}

/** `run 01… hello succeeded in 2.1 s: 3 tasks, 3 succeeded`. */
export function outcomeLine(view: RunView, now: number, paint: Paint): string {
  const { counts } = view;
  const parts = (['succeeded', 'failed', 'cancelled', 'skipped'] as const)
    .filter((state) => counts[state] > 0)
    .map((state) => count(counts[state], state, state));
  const state = colourOfState(view.state, paint)(view.state);
  const time = duration((view.endedAt ?? now) - view.createdAt);
  const tasks = [count(totalOf(counts), 'task'), ...parts].join(', ');
  return `run ${view.id} ${view.workflow} ${paint.bold(state)} in ${time}: ${tasks}`;
}

/** The last lines that an attempt printed. */
async function lastLines(
  fanfold: Fanfold,
  run: string,
  task: string,
  attempt: number,
): Promise<string[]> {
  let lines: string[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < LOG_PAGES_MAX; pages++) {
    const cursor = after === undefined ? {} : { after };
    const page = await fanfold.logs({ run, task, attempt, limit: 1000, ...cursor });
    if (page.lines.length === 0) break;
    lines = [...lines, ...page.lines.map((line) => line.text)].slice(-LOG_LINES_SHOWN);
    after = page.next;
  }
  return lines;
}

type Failure = RunView['failures'][number];

/** `clean[3] (attempt 2): exit 1: ValueError: no such row`. */
export function failureText({ task, attempt, error }: Failure): string {
  const exit = error.exitCode === undefined ? error.signal : `exit ${error.exitCode}`;
  const why =
    exit === undefined || error.reason === 'exit'
      ? (exit ?? error.reason)
      : `${error.reason}, ${exit}`;
  const name = error.name === undefined ? '' : `${error.name}: `;
  const of = attempt > 1 ? ` (attempt ${attempt})` : '';
  return harmless(`${task}${of}: ${why}: ${name}${error.message}`);
}

async function failureLines(context: Context, fanfold: Fanfold, view: RunView): Promise<string[]> {
  const { columns } = context.shell.stdout;
  const lines: string[] = [];
  for (const failure of view.failures.slice(0, FAILURES_SHOWN)) {
    const { task, attempt } = failure;
    lines.push(`  ${context.paint.red('✗')} ${failureText(failure)}`);
    for (const text of await lastLines(fanfold, view.id, task, attempt)) {
      lines.push(context.paint.dim(`    │ ${cut(harmless(text), columns - 6)}`));
    }
  }
  const left = view.counts.failed - Math.min(view.failures.length, FAILURES_SHOWN);
  if (left > 0 && lines.length > 0) {
    lines.push(`  and ${left} more: ${context.hint(`show ${view.id} --tasks failed`)}`);
  }
  return lines;
}

export function outputLines(view: RunView, columns: number): string[] {
  const outputs = Object.entries(view.outputs).filter(
    ([, value]) => value !== null && JSON.stringify(value) !== '{}',
  );
  const lines = outputs
    .slice(0, OUTPUTS_SHOWN)
    .map(([task, value]) => cut(`  ${task}: ${harmless(JSON.stringify(value))}`, columns));
  const left = outputs.length - lines.length;
  return [...lines, ...(left > 0 ? [`  and ${left} more`] : [])];
}

/** Prints the summary. `place`: where the run can be looked at again; `more`: a line beside the outcome. */
export async function summarize(
  context: Context,
  fanfold: Fanfold,
  view: RunView,
  place: string,
  more?: string,
): Promise<void> {
  const { shell, paint, say, sayJson, flags } = context;
  sayJson(view);
  if (flags.json === true) return;
  say(outcomeLine(view, shell.now(), paint));
  if (more !== undefined) say(more);
  if (view.reason !== undefined && view.state !== 'succeeded')
    say(`reason: ${harmless(view.reason)}`);
  const failures = await failureLines(context, fanfold, view);
  for (const line of failures) say(line);
  const outputs = outputLines(view, shell.stdout.columns);
  if (outputs.length > 0) say('results:');
  for (const line of outputs) say(line);
  say(paint.dim(`kept in ${place}`));
  say(
    paint.dim(`see more: ${context.hint(`show ${view.id}`)}, ${context.hint(`logs ${view.id}`)}`),
  );
  if (view.state === 'failed')
    say(paint.dim(`again what failed: ${context.hint(`rerun ${view.id}`)}`));
}
