import { CronPattern } from 'croner';
import { type CronFields, nextWallTime } from '../core/schedule-cron.ts';

const lengthMax = 1024;
/** The calendar repeats itself after 400 years: what does not come by then never does. */
const calendarStart = Date.UTC(2000, 0, 1);

/** The fields of a cron expression, or what is wrong with it. */
export function parseCron(text: string): CronFields | { readonly mistake: string } {
  if (text.length > lengthMax) return { mistake: `it has more than ${lengthMax} characters` };
  const foreign = foreignWord(text);
  if (foreign !== undefined) return { mistake: foreign };
  let pattern: CronPattern;
  try {
    pattern = new CronPattern(text, undefined, { mode: '5-or-6-parts', sloppyRanges: true });
  } catch (error) {
    return { mistake: wordsOf(error) };
  }
  const fields = fieldsOf(pattern);
  const comes = nextWallTime(fields, calendarStart) !== undefined;
  return comes ? fields : { mistake: 'it never comes: no month that it names has such a day' };
}

/** What the parser would take, and others read in another way. */
function foreignWord(text: string): string | undefined {
  if (/^\s*@reboot\s*$/i.test(text)) return '@reboot is no time';
  if (/(^|[\s,])\//.test(text)) return 'a step needs a range before it, such as "*/15"';
  if (/[^\x20-\x7e\t]/.test(text)) return 'it holds a character that has no place in it';
  return undefined;
}

function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes('space separated parts') || text.includes('requires exactly'))
    return 'it must have five fields (minute, hour, day, month, weekday), or six with seconds first';
  return text.replace(/^CronPattern: /, '').replace(/^Syntax error, /, '');
}

const named = (flags: readonly number[], first: number): number[] =>
  flags.flatMap((flag, i) => (flag ? [i + first] : []));

function fieldsOf(pattern: CronPattern): CronFields {
  return {
    seconds: named(pattern.second, 0),
    minutes: named(pattern.minute, 0),
    hours: named(pattern.hour, 0),
    days: named(pattern.day, 1),
    lastDay: pattern.lastDayOfMonth,
    lastWorkday: pattern.lastWeekday,
    nearWorkdays: named(pattern.nearestWeekdays, 1),
    months: named(pattern.month, 1),
    weekdays: pattern.dayOfWeek.slice(0, 7),
    bothDays: pattern.useAndLogic || pattern.starDOM || pattern.starDOW,
  };
}
