/** From how an author says when a schedule is due to what the core computes with. */
import { Problem, type ProblemDetail } from '../contract/problem.ts';
import type { Timing as GivenTiming } from '../contract/schedule.ts';
import type { Exclusions, Recurrence, Timing } from '../core/schedule-timing.ts';
import { isZone } from '../core/schedule-zone.ts';
import { parseCron } from './cron.ts';
import { parseInstant } from './instant.ts';
import { didYouMean } from './suggest.ts';
import { parseTime, printTime } from './time.ts';
import { quoted } from './tree.ts';

const everyMsMin = 1_000;
const everyMsMax = 366 * 86_400_000;
const jitterMsMax = 366 * 86_400_000;
const instantMax = Date.UTC(10_000, 0, 1) - 1;
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const dayMs = 86_400_000;

/** Throws `Problem` `schedule-invalid` with all that is wrong. `madeAt`: intervals count from then, unless told. */
export function compileTiming(given: GivenTiming, madeAt: number): Timing {
  const mistakes: ProblemDetail[] = [];
  const add = (pointer: string, message: string): undefined => {
    mistakes.push({ pointer, message });
  };
  const zone = readZone(given.timezone, add);
  const recurrence = readRecurrence(given, madeAt, add);
  checkBounds(given, add);
  const exclude = given.exclude && readExclusions(given.exclude, add);
  if (mistakes.length > 0 || recurrence === undefined)
    throw new Problem(
      'schedule-invalid',
      mistakes.map(({ message }) => message).join('; '),
      mistakes,
    );
  return {
    recurrence,
    zone,
    ...(given.start !== undefined && { start: given.start }),
    ...(given.end !== undefined && { end: given.end }),
    ...(exclude && { exclude }),
    ...(given.jitterMs !== undefined && given.jitterMs > 0 && { jitterMs: given.jitterMs }),
  };
}

type Add = (pointer: string, message: string) => undefined;

function readZone(zone: string | undefined, add: Add): string {
  if (zone === undefined || isZone(zone)) return zone ?? 'UTC';
  const known = new Map(Intl.supportedValuesOf('timeZone').map((one) => [one.toLowerCase(), one]));
  const hint = didYouMean(zone, known.keys()).replace(/"(.*)"/, (_, near) =>
    quoted(known.get(near) ?? near),
  );
  add(
    '/timezone',
    `there is no time zone ${quoted(zone)}${hint}; zones have names such as "Europe/Berlin"`,
  );
  return 'UTC';
}

function readRecurrence(given: GivenTiming, madeAt: number, add: Add): Recurrence | undefined {
  const { cron, everyMs, at, dst = 'once', start } = given;
  const count = [cron, everyMs, at].filter((one) => one !== undefined).length;
  if (count !== 1) return add('', 'a schedule has exactly one of "cron", "every" and "at"');
  if (dst !== 'once' && cron === undefined)
    return add('/dst', '"dst" is about times of day, so it has an effect with "cron" only');
  if (cron !== undefined) {
    const fields = parseCron(cron);
    if ('mistake' in fields) return add('/cron', `${quoted(cron.slice(0, 80))}: ${fields.mistake}`);
    return { kind: 'cron', fields, dst };
  }
  if (everyMs !== undefined) {
    if (Number.isInteger(everyMs) && everyMs >= everyMsMin && everyMs <= everyMsMax)
      return { kind: 'every', everyMs, anchor: start ?? madeAt };
    return add('/everyMs', 'an interval is from 1 second to 366 days long');
  }
  if (isInstant(at as number)) return { kind: 'at', at: at as number };
  return add('/at', '"at" must be an instant in the years 0 to 9999');
}

const isInstant = (at: number): boolean => Number.isInteger(at) && Math.abs(at) <= instantMax;

function checkBounds(given: GivenTiming, add: Add): void {
  const { start, end, at, jitterMs = 0 } = given;
  for (const name of ['start', 'end'] as const)
    if (!isInstant(given[name] ?? 0))
      add(`/${name}`, `"${name}" must be an instant in the years 0 to 9999`);
  const first = start ?? Number.NEGATIVE_INFINITY;
  const bound = end ?? Number.POSITIVE_INFINITY;
  if (bound <= first) add('/end', '"end" is not after "start", so nothing would ever be due');
  else if (at !== undefined && (at < first || at >= bound))
    add('/at', '"at" is not between "start" and "end", so nothing would ever be due');
  if (!Number.isInteger(jitterMs) || jitterMs < 0 || jitterMs > jitterMsMax)
    add('/jitterMs', '"jitter" is from 0 to 366 days long');
}

function readExclusions(given: readonly string[], add: Add): Exclusions {
  const days: [number, number][] = [];
  const yearly: number[] = [];
  const ofWeek: number[] = [];
  for (const [i, text] of given.entries()) {
    const word = text.trim().toLowerCase();
    const range = dayRange(word);
    if (weekdays.includes(word.slice(0, 3)) && /^[a-z]+$/.test(word) && isWeekday(word))
      ofWeek.push(weekdays.indexOf(word.slice(0, 3)));
    else if (range !== undefined) days.push(range);
    else if (yearDay(word) !== undefined) yearly.push(yearDay(word) as number);
    else
      add(
        `/exclude/${i}`,
        `${quoted(text)} is no day: write "2026-12-25", "2026-12-24..2027-01-02", "12-25" for each year, or "sat"`,
      );
  }
  if (new Set(ofWeek).size === 7)
    add('/exclude', 'every weekday is excluded, so nothing would ever be due');
  return { days, yearly, weekdays: ofWeek };
}

const longWeekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const isWeekday = (word: string): boolean => weekdays.includes(word) || longWeekdays.includes(word);

function dayRange(word: string): [number, number] | undefined {
  const [first, last = first, more] = word.split('..').map(dayNumber);
  if (first === undefined || last === undefined || more !== undefined) return undefined;
  return last < first ? undefined : [first, last];
}

function dayNumber(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text.trim())) return undefined;
  const at = parseInstant(text.trim(), 'UTC');
  return at === undefined ? undefined : at / dayMs;
}

/** A leap year has every day of a year. */
function yearDay(word: string): number | undefined {
  if (!/^\d\d-\d\d$/.test(word) || dayNumber(`2000-${word}`) === undefined) return undefined;
  return Number(word.slice(0, 2)) * 100 + Number(word.slice(3));
}

/** When, in one text: a cron expression or macro, `every 15m`, or an instant. */
export function readExpression(
  text: string,
  zone: string,
): Pick<GivenTiming, 'cron' | 'everyMs' | 'at'> {
  const every = /^\s*@?every\s+(.+?)\s*$/i.exec(text)?.[1];
  if (every !== undefined) {
    const everyMs = parseTime(every);
    if (everyMs !== undefined) return { everyMs };
    throw invalid('/expression', `${quoted(every)} is no length of time, such as "90s" or "1h30m"`);
  }
  if (!/^\s*\d{4,}-/.test(text)) return { cron: text };
  const at = parseInstant(text, isZone(zone) ? zone : 'UTC');
  if (at !== undefined) return { at };
  throw invalid('/expression', `${quoted(text)} is no instant, such as "2026-01-31T12:00Z"`);
}

const invalid = (pointer: string, message: string): Problem =>
  new Problem('schedule-invalid', message, [{ pointer, message }]);

/** In words, as `readExpression` reads them. */
export function printExpression({ cron, everyMs, at }: GivenTiming): string {
  if (cron !== undefined) return cron;
  if (everyMs !== undefined) return `every ${printTime(everyMs)}`;
  return at === undefined ? '' : new Date(at).toISOString();
}
