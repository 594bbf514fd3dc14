import type { PageOf } from '../../src/contract/api.ts';
import { Problem } from '../../src/contract/problem.ts';
import {
  catchUps,
  dstPolicies,
  overlaps,
  type ScheduleRequest,
  type ScheduleView,
  scheduleStates,
  type Timing,
} from '../../src/contract/schedule.ts';
import { readFrom } from '../../src/definition/preview.ts';
import type { OwnSchedule } from '../../src/definition/read-schedule.ts';
import { parseTime } from '../../src/definition/time.ts';
import { printExpression, readExpression } from '../../src/definition/timing.ts';
import { type Act, number, type Options, optional, required, text, texts } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { oneOf } from '../one-of.ts';
import { clockTime, table } from '../render/text.ts';
import { openAny, using } from '../servers.ts';
import type { Embedded } from '../shell.ts';
import { ownTarget, serverTarget, shipCode } from '../ship-code.ts';
import { requestOf } from '../submission.ts';
import { loadFile } from '../workflow-file.ts';

type Engine = Embedded['engine'];

const LIMIT = 50;
const NEXT_SHOWN = 5;

export const ls: Act = async (context, _args, options) => {
  const filter = {
    ...optional('state', oneOf('state', options, scheduleStates)),
    ...optional('after', text(options.after)),
    limit: number(options.limit) ?? LIMIT,
  };
  return using(await openAny(context), async ({ fanfold }) => {
    const page = await fanfold.schedules.list(filter);
    context.sayJson(page);
    showList(context, page);
    return exitCodes.succeeded;
  });
};

function showList({ shell, paint, say, note }: Context, page: PageOf<ScheduleView>): void {
  const now = shell.now();
  const rows = page.items.map((one) => [
    one.name,
    one.state,
    one.workflow,
    whenOf(one.timing),
    one.nextAt === undefined ? '-' : clockTime(one.nextAt, now),
    String(one.started),
  ]);
  if (rows.length === 0) note('no schedules');
  else {
    const head = ['SCHEDULE', 'STATE', 'WORKFLOW', 'WHEN', 'NEXT', 'STARTED'];
    const [title = '', ...lines] = table([head, ...rows], shell.stdout.columns);
    say(paint.dim(title));
    for (const line of lines) say(line);
  }
  if (page.next !== null) note(`more: fanfold schedules ls --after ${page.next}`);
}

const whenOf = (timing: Timing): string =>
  [printExpression(timing), timing.timezone].filter((word) => word !== undefined).join(' ');

/** Makes a schedule of a workflow file: when, from options, or else from the file itself. */
export const create: Act = async (context, args, options) => {
  const file = required(args, 0);
  const { schedule } = await loadFile(context.path(file));
  const request = await requestOf(context, file, options, 'a schedule');
  const given = { ...schedule, ...policyOf(options), timing: timingOf(context, options, schedule) };
  const name = text(options.name) ?? request.workflow.name;
  return using(await openAny(context), async ({ fanfold, url }) => {
    const server =
      url === undefined ? undefined : context.shell.connect(url, context.flags.profile);
    const target = server ? serverTarget(server) : ownTarget({ engine: fanfold as Engine });
    const { id: _id, ...whole } = await shipCode(request, target);
    const asked: ScheduleRequest = { ...given, ...whole };
    const made = await fanfold.schedules.put(name, asked, options.replace !== true);
    showOne(context, made, await fanfold.schedules.next(name, NEXT_SHOWN));
    if (url === undefined) context.note(`nothing starts it now; \`${context.hint('serve')}\` does`);
    return exitCodes.succeeded;
  });
};

function timingOf(context: Context, options: Options, own: OwnSchedule | undefined): Timing {
  const when = text(options.when);
  const zone = text(options.zone) ?? own?.timing.timezone;
  const at = (name: string) => {
    const given = text(options[name]);
    return given === undefined ? undefined : readFrom(given, zone ?? 'UTC', context.shell.now());
  };
  const { cron: _cron, everyMs: _every, at: _at, ...kept } = own?.timing ?? {};
  const expression =
    when === undefined ? own?.timing : { ...kept, ...readExpression(when, zone ?? 'UTC') };
  if (expression === undefined)
    throw new Problem(
      'input-invalid',
      'say when: --when "0 9 * * mon-fri", or "schedule:" in the file',
    );
  const days = texts(options.exclude);
  return {
    ...expression,
    ...optional('timezone', zone),
    ...optional('dst', oneOf('dst', options, dstPolicies)),
    ...optional('start', at('start')),
    ...optional('end', at('end')),
    ...optional('exclude', days.length > 0 ? [...days] : undefined),
    ...optional('jitterMs', timeOf('jitter', options)),
  };
}

function policyOf(options: Options): Partial<OwnSchedule> {
  const windowMs = timeOf('catchUpWindow', options);
  const policy = oneOf('catchUp', options, catchUps) ?? (windowMs && 'window');
  const perMinute = number(options.catchUpPerMinute);
  const catchUp =
    policy === undefined || policy === 0
      ? undefined
      : { policy, ...optional('windowMs', windowMs), ...optional('perMinute', perMinute) };
  return {
    ...optional('catchUp', catchUp),
    ...optional('overlap', oneOf('overlap', options, overlaps)),
    ...optional('stopAfterFailures', number(options.stopAfterFailures)),
    ...optional('slotInput', text(options.slotInput)),
    ...optional('paused', options.paused === true ? true : undefined),
  };
}

function timeOf(name: string, options: Options): number | undefined {
  const word = text(options[name]);
  const ms = word === undefined ? undefined : parseTime(word);
  if (word === undefined || ms !== undefined) return ms;
  throw new Problem('input-invalid', `${word} is no length of time, such as 90s or 1h30m`);
}

function showOne(context: Context, one: ScheduleView, next: readonly number[]): void {
  context.sayJson({ ...one, next });
  const { say, paint } = context;
  const reason = one.reason === undefined ? '' : `: ${one.reason}`;
  say(`schedule ${one.name} is ${one.state}${reason}, ${whenOf(one.timing)}`);
  say(`  runs ${one.workflow}, overlap ${one.overlap}, catch-up ${one.catchUp.policy}`);
  const counts = `${one.started} started, ${one.missed} missed, ${one.skipped} skipped`;
  say(`  ${counts}${one.waitingCount > 0 ? `, ${one.waitingCount} waiting` : ''}`);
  if (one.lastRun !== undefined) say(`  last run ${one.lastRun}`);
  for (const at of next) say(paint.dim(`  next ${new Date(at).toISOString()}`));
}

export const show: Act = async (context, args) =>
  using(await openAny(context), async ({ fanfold }) => {
    const name = required(args, 0);
    showOne(
      context,
      await fanfold.schedules.show(name),
      await fanfold.schedules.next(name, NEXT_SHOWN),
    );
    return exitCodes.succeeded;
  });

const change =
  (action: 'pause' | 'resume'): Act =>
  async (context, args) =>
    using(await openAny(context), async ({ fanfold }) => {
      const one = await fanfold.schedules[action](required(args, 0));
      context.sayJson(one);
      context.say(`schedule ${one.name} is ${one.state}`);
      return exitCodes.succeeded;
    });

export const pause = change('pause');
export const resume = change('resume');

/** Starts one run of it now. */
export const run: Act = async (context, args) =>
  using(await openAny(context), async ({ fanfold }) => {
    const started = await fanfold.schedules.run(required(args, 0));
    context.sayJson(started);
    context.say(started.id);
    return exitCodes.succeeded;
  });

export const rm: Act = async (context, args) =>
  using(await openAny(context), async ({ fanfold }) => {
    const name = required(args, 0);
    await fanfold.schedules.show(name);
    await fanfold.schedules.remove(name);
    context.sayJson({});
    context.say(`schedule ${name} is removed; its runs go on`);
    return exitCodes.succeeded;
  });
