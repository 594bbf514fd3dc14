import type { PageOf, RunSummary } from '../../src/contract/api.ts';
import { Problem } from '../../src/contract/problem.ts';
import { type RunState, runStates } from '../../src/contract/state.ts';
import { type Act, number, optional, text } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { clockTime, duration, table } from '../render/text.ts';
import { openAny, using } from '../servers.ts';
import { colourOfState } from '../summary.ts';

const LIMIT = 20;

/** Lists runs, newest first. */
export const act: Act = async (context, _args, options) => {
  const filter = {
    ...optional('state', stateOf(text(options.state))),
    ...optional('workflow', text(options.workflow)),
    ...optional('since', number(options.since)),
    ...optional('until', number(options.until)),
    ...optional('after', text(options.after)),
    limit: number(options.limit) ?? LIMIT,
  };
  return using(await openAny(context), async ({ fanfold }) => {
    const page = await fanfold.runs(filter);
    context.sayJson(page);
    if (context.flags.json !== true) show(context, page);
    return exitCodes.succeeded;
  });
};

function stateOf(word: string | undefined): RunState | undefined {
  if (word === undefined) return undefined;
  const state = runStates.find((one) => one === word);
  if (state !== undefined) return state;
  throw new Problem('input-invalid', `--state ${word}: expected one of ${runStates.join(', ')}`);
}

function show({ shell, paint, say, note }: Context, page: PageOf<RunSummary>): void {
  if (page.items.length === 0 && page.next === null) {
    note('no runs');
    return;
  }
  const now = shell.now();
  const rows = page.items.map((run) => [
    run.id,
    run.archived ? `${run.state} (archived)` : run.state,
    run.workflow,
    String(run.tasks),
    clockTime(run.createdAt, now),
    duration((run.endedAt ?? now) - run.createdAt),
  ]);
  const head = ['RUN', 'STATE', 'WORKFLOW', 'TASKS', 'CREATED', 'TIME'];
  const [title = '', ...lines] = table([head, ...rows], shell.stdout.columns);
  say(paint.dim(title));
  for (const [i, line] of lines.entries()) {
    const state = page.items[i]?.state ?? '';
    say(line.replace(` ${state} `, ` ${colourOfState(state, paint)(state)} `));
  }
  if (page.next !== null) note(`more: fanfold ls --after ${page.next}`);
}
