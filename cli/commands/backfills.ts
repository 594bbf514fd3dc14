import {
  type BackfillPlan,
  type BackfillRequest,
  type BackfillView,
  backfillAgain,
  backfillOrders,
} from '../../src/contract/backfill.ts';
import { Problem } from '../../src/contract/problem.ts';
import { readFrom } from '../../src/definition/preview.ts';
import { type Act, number, type Options, optional, required, text } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { oneOf } from '../one-of.ts';
import { count, table } from '../render/text.ts';
import { openAny, using } from '../servers.ts';

const iso = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');

export const begin: Act = async (context, args, options) =>
  using(await openAny(context), async ({ fanfold, url }) => {
    const name = required(args, 0);
    const { timing } = await fanfold.schedules.show(name);
    const request = requestOf(context, options, timing.timezone ?? 'UTC');
    const { backfills } = fanfold.schedules;
    if (options.dryRun === true) {
      showPlan(context, await backfills.plan(name, request));
      return exitCodes.succeeded;
    }
    showOne(context, await backfills.begin(name, request));
    if (url === undefined) context.note(`nothing starts it now; \`${context.hint('serve')}\` does`);
    return exitCodes.succeeded;
  });

function requestOf(context: Context, options: Options, zone: string): BackfillRequest {
  const at = (word: string) => readFrom(word, zone, context.shell.now());
  const [from, to] = [text(options.from), text(options.to)];
  if (from === undefined)
    throw new Problem('input-invalid', 'say where the range begins: --from 2026-01-01');
  return {
    from: at(from),
    ...optional('to', to === undefined ? undefined : at(to)),
    ...optional('order', oneOf('order', options, backfillOrders)),
    ...optional('parallel', number(options.parallel)),
    ...optional('again', oneOf('again', options, backfillAgain)),
    ...optional('stopAfterFailures', number(options.stopAfterFailures)),
  };
}

function showPlan({ sayJson, say, paint, shell }: Context, plan: BackfillPlan): void {
  sayJson(plan);
  const rows = plan.steps.map(({ slot, does, run, found }) => [
    iso(slot),
    does,
    run,
    found ?? 'no run',
  ]);
  const [title = '', ...lines] = table(
    [['SLOT', 'DOES', 'RUN', 'FOUND'], ...rows],
    shell.stdout.columns,
  );
  say(paint.dim(title));
  for (const line of lines) say(line);
  say(`${count(plan.starts, 'run')} would start, ${count(plan.skips, 'slot')} would be skipped`);
}

function showOne({ sayJson, say }: Context, one: BackfillView): void {
  sayJson(one);
  const reason = one.reason === undefined ? '' : `: ${one.reason}`;
  say(`backfill ${one.id} of ${one.schedule} is ${one.state}${reason}`);
  const range = `${iso(one.from)} to ${iso(one.to)}, ${one.order} first, ${one.parallel} at a time`;
  say(`  ${count(one.slots, 'slot')} from ${range}`);
  say(
    `  ${one.started} started (${one.open.length} open), ${one.skipped} skipped, ${one.left} left`,
  );
}

export const ls: Act = async (context, args) =>
  using(await openAny(context), async ({ fanfold }) => {
    const { backfills } = fanfold.schedules;
    const [name, id] = [required(args, 0), text(args[1])];
    if (id !== undefined) showOne(context, await backfills.show(name, id));
    else showList(context, (await backfills.list(name)).items);
    return exitCodes.succeeded;
  });

function showList(context: Context, items: readonly BackfillView[]): void {
  const { sayJson, say, note, paint, shell } = context;
  sayJson({ items, next: null });
  if (items.length === 0) {
    note('no backfills');
    return;
  }
  const rows = items.map((one) => [
    one.id,
    one.state,
    iso(one.from),
    iso(one.to),
    String(one.started),
    String(one.skipped),
    String(one.left),
  ]);
  const head = ['BACKFILL', 'STATE', 'FROM', 'TO', 'STARTED', 'SKIPPED', 'LEFT'];
  const [title = '', ...lines] = table([head, ...rows], shell.stdout.columns);
  say(paint.dim(title));
  for (const line of lines) say(line);
}

const change =
  (action: 'pause' | 'resume'): Act =>
  async (context, args) =>
    using(await openAny(context), async ({ fanfold }) => {
      const [name, id] = [required(args, 0), required(args, 1)];
      showOne(context, await fanfold.schedules.backfills[action](name, id));
      return exitCodes.succeeded;
    });

export const pause = change('pause');
export const resume = change('resume');

export const rm: Act = async (context, args) =>
  using(await openAny(context), async ({ fanfold }) => {
    const [name, id] = [required(args, 0), required(args, 1)];
    await fanfold.schedules.backfills.show(name, id);
    await fanfold.schedules.backfills.remove(name, id);
    context.sayJson({});
    context.say(`backfill ${id} is ended; its runs go on`);
    return exitCodes.succeeded;
  });
