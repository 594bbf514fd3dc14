/** Limits: who holds them and who waits, and those that workflows share. */
import type { LimitBounds, SlotHolderView } from '../../src/contract/limits.ts';
import type { LimitView, SharedLimitView } from '../../src/contract/limits-api.ts';
import { Problem } from '../../src/contract/problem.ts';
import { parseRate } from '../../src/definition/read-limits.ts';
import { printTime } from '../../src/definition/time.ts';
import { type Act, number, optional, required, text } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { duration, harmless, table } from '../render/text.ts';
import { openAny, using } from '../servers.ts';

/** Lists places that are in use, with who holds them and how many wait. */
export const ls: Act = async (context, args, options) =>
  using(await openAny(context), async ({ fanfold }) => {
    const page = await fanfold.limits.list({
      ...optional('name', text(args[0])),
      ...optional('after', text(options.after)),
      ...optional('limit', number(options.limit)),
    });
    const shared = await fanfold.limits.shared();
    context.sayJson({ ...page, shared });
    show(context, page.items, shared);
    if (page.next !== null) context.note(`more: ${context.hint(`limits --after '${page.next}'`)}`);
    return exitCodes.succeeded;
  });

/** Sets a limit that workflows share, or removes it. */
export const set: Act = async (context, args, options) =>
  using(await openAny(context), async ({ fanfold }) => {
    const name = required(args, 0);
    if (options.remove === true) {
      await fanfold.limits.remove(name);
      context.say(`removed ${name}`);
      return exitCodes.succeeded;
    }
    const limit = await fanfold.limits.set(name, boundsOf(options));
    context.sayJson(limit);
    context.say(`${limit.name}  ${boundsText(limit)}`);
    return exitCodes.succeeded;
  });

function boundsOf(options: Parameters<Act>[2]): LimitBounds {
  const given = text(options.rate);
  const rate = given === undefined ? undefined : parseRate(given);
  if (given !== undefined && rate === undefined)
    throw new Problem('input-invalid', `--rate is such as 10/s or 100/5m, not ${given}`);
  const burst = number(options.burst);
  return {
    ...optional('max', number(options.max)),
    ...optional('sum', number(options.sum)),
    ...(rate && { rate: { ...rate, ...optional('burst', burst) } }),
  };
}

const boundsText = ({ max, sum, rate }: LimitBounds): string =>
  [
    max === undefined ? '' : `${max} at once`,
    sum === undefined ? '' : `${sum} in all`,
    rate === undefined ? '' : rateText(rate),
  ]
    .filter((part) => part !== '')
    .join(', ');

const rateText = ({ count, perMs, burst }: NonNullable<LimitBounds['rate']>): string =>
  `${count} per ${printTime(perMs)}${burst === undefined ? '' : `, ${burst} together`}`;

const boundOf = ({ max, rate }: LimitView): string =>
  rate === undefined ? `${max} at once` : rateText(rate);

const keyText: Readonly<Record<LimitView['kind'], (key: string | undefined) => string>> = {
  key: (key = '') => key,
  all: () => '(all)',
  rate: (key) => key ?? '(all)',
};

function show(
  context: Context,
  items: readonly LimitView[],
  shared: readonly SharedLimitView[],
): void {
  for (const limit of shared) context.say(`shared ${limit.name}  ${boundsText(limit)}`);
  if (items.length === 0) {
    context.note('no limit is in use');
    return;
  }
  const now = context.shell.now();
  const rows = items.map((one) => [
    one.limit,
    harmless(keyText[one.kind](one.key)),
    boundOf(one),
    String(one.held),
    String(one.waiting),
    heldBy(one, now),
  ]);
  const head = ['LIMIT', 'KEY', 'BOUND', 'HELD', 'WAITING', 'BY'];
  for (const line of table([head, ...rows], 200)) context.say(line);
}

const shownMax = 3;

function heldBy({ holders, held, nextAt }: LimitView, now: number): string {
  if (nextAt !== undefined) return `next in ${duration(nextAt - now)}`;
  const shown = holders.slice(0, shownMax).map((holder) => holderText(holder, now));
  const more = held - shown.length;
  return [...shown, ...(more > 0 && shown.length > 0 ? [`${more} more`] : [])].join(', ');
}

/** `greet[1] of 01M7… for 3.2 s`. */
export const holderText = (
  { run, task, attempt, since, runner }: SlotHolderView,
  now: number,
): string =>
  harmless(
    `${task} of ${run}${attempt > 1 ? ` #${attempt}` : ''} for ${duration(Math.max(0, now - since))}${
      runner === undefined ? ', not begun' : ''
    }`,
  );
