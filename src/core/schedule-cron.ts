/** A cron expression, taken apart, and the times of the wall clock that it names. */

export interface CronFields {
  /** Each rising. */
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** 1 to 31. */
  readonly days: readonly number[];
  /** `L`: the month's last day. `LW`: its last one from Monday to Friday. */
  readonly lastDay: boolean;
  readonly lastWorkday: boolean;
  /** `15W`: the day from Monday to Friday that is nearest to the 15th, in the same month. */
  readonly nearWorkdays: readonly number[];
  /** 1 to 12. */
  readonly months: readonly number[];
  /** From Sunday: which ones of the month, a bit each from the first to the fifth; `lastBit` for the last one. */
  readonly weekdays: readonly number[];
  /** A day must be among the days of the month and among the weekdays; false: one of the two is enough. */
  readonly bothDays: boolean;
}

const lastBit = 32;
const dayMs = 86_400_000;
/** After so many months the calendar repeats itself. */
const monthsMax = 400 * 12;
const yearMax = 9999;

/**
 * The first time of the wall clock at or after `from` that the expression names. Both as if the wall were in UTC, ms;
 * undefined when there is none up to the year 9999.
 */
export function nextWallTime(cron: CronFields, from: number): number | undefined {
  const date = new Date(Math.ceil(from / 1000) * 1000);
  let year = date.getUTCFullYear();
  let month = date.getUTCMonth() + 1;
  const today = date.getUTCDate();
  const ofToday = nextTime(cron, date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds());
  let day = ofToday === undefined ? today + 1 : today;
  for (let tried = 0; tried <= monthsMax && year <= yearMax; tried++) {
    const found = cron.months.includes(month) ? nextDay(cron, year, month, day) : undefined;
    if (found !== undefined) {
      const isToday = tried === 0 && found === today;
      return dayStart(year, month, found) + ((isToday && ofToday) || firstTime(cron)) * 1000;
    }
    day = 1;
    year += Math.floor(month / 12);
    month = (month % 12) + 1;
  }
  return undefined;
}

/** The first second of a day, from the given one on, that the expression names. */
function nextTime(cron: CronFields, h: number, m: number, s: number): number | undefined {
  const [second, nextMinute] = atOrAfter(cron.seconds, s);
  const [minute, nextHour] = atOrAfter(cron.minutes, m + nextMinute);
  const [hour, nextDay] = atOrAfter(cron.hours, h + nextHour);
  if (nextDay > 0) return undefined;
  const isSameHour = hour === h;
  const isSameMinute = isSameHour && minute === m;
  const ofHour = isSameHour ? minute : (cron.minutes[0] as number);
  return (hour * 60 + ofHour) * 60 + (isSameMinute ? second : (cron.seconds[0] as number));
}

/** The first value that is not below; else the first of all, and 1 more of what is larger. */
function atOrAfter(values: readonly number[], least: number): readonly [number, 0 | 1] {
  const found = values.find((value) => value >= least);
  return found === undefined ? [values[0] as number, 1] : [found, 0];
}

const firstTime = ({ hours, minutes, seconds }: CronFields): number =>
  ((hours[0] as number) * 60 + (minutes[0] as number)) * 60 + (seconds[0] as number);

const dayStart = (year: number, month: number, day: number): number => {
  // As years below 100 would be taken for those of the last century.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime();
};

interface Month {
  readonly length: number;
  /** The weekday of its first day, from Sunday. */
  readonly first: number;
}

function nextDay(cron: CronFields, year: number, month: number, from: number): number | undefined {
  const start = dayStart(year, month, 1);
  const length = Math.round((dayStart(year, month + 1, 1) - start) / dayMs);
  const first = (((Math.floor(start / dayMs) + 4) % 7) + 7) % 7;
  for (let day = from; day <= length; day++) if (isNamed(cron, { length, first }, day)) return day;
  return undefined;
}

function isNamed(cron: CronFields, month: Month, day: number): boolean {
  const ofMonth = isDayOfMonth(cron, month, day);
  if (ofMonth !== cron.bothDays) return ofMonth;
  const mask = cron.weekdays[weekdayOf(month, day)] as number;
  const bit = 1 << Math.floor((day - 1) / 7);
  return (mask & bit) !== 0 || ((mask & lastBit) !== 0 && day + 7 > month.length);
}

function isDayOfMonth(cron: CronFields, month: Month, day: number): boolean {
  if (cron.days.includes(day)) return true;
  if (cron.lastDay && day === month.length) return true;
  if (cron.lastWorkday && day === lastWorkday(month)) return true;
  return cron.nearWorkdays.some((near) => day === nearWorkday(month, near));
}

const weekdayOf = ({ first }: Month, day: number): number => (first + day - 1) % 7;

function lastWorkday(month: Month): number {
  const weekday = weekdayOf(month, month.length);
  if (weekday === 0) return month.length - 2;
  return weekday === 6 ? month.length - 1 : month.length;
}

/** Undefined when the month has no such day. */
function nearWorkday(month: Month, day: number): number | undefined {
  if (day > month.length) return undefined;
  const weekday = weekdayOf(month, day);
  if (weekday === 6) return day === 1 ? 3 : day - 1;
  if (weekday === 0) return day === month.length ? day - 2 : day + 1;
  return day;
}
