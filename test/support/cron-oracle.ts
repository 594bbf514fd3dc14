/**
 * A second implementation of schedules, to compare with: walks over every minute, asks `Intl` what the clocks show, and
 * looks whether the expression, drawn as sets and so never parsed, names it.
 */
import type { Dice } from './dice.ts';

export interface DrawnCron {
  readonly text: string;
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  /** Undefined: `*`. */
  readonly days: ReadonlySet<number> | undefined;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number> | undefined;
}

interface Field {
  readonly text: string;
  readonly values: ReadonlySet<number> | undefined;
}

const range = (first: number, last: number, step = 1): number[] => {
  const values: number[] = [];
  for (let one = first; one <= last; one += step) values.push(one);
  return values;
};

function drawField(dice: Dice, first: number, last: number, starShare: number): Field {
  if (dice.roll() < starShare) return { text: '*', values: undefined };
  const between = () => first + dice.upTo(last - first + 1);
  const one = (): { text: string; values: number[] } => {
    const a = between();
    const b = a + dice.upTo(last - a + 1);
    const step = 1 + dice.upTo(Math.max(1, Math.floor((last - first) / 2)));
    switch (dice.upTo(4)) {
      case 0:
        return { text: `${a}-${b}`, values: range(a, b) };
      case 1:
        return { text: `${a}-${b}/${step}`, values: range(a, b, step) };
      case 2:
        return { text: `*/${step}`, values: range(first, last, step) };
      default:
        return { text: `${a}`, values: [a] };
    }
  };
  const parts = Array.from({ length: 1 + dice.upTo(3) }, one);
  return {
    text: parts.map(({ text }) => text).join(','),
    values: new Set(parts.flatMap(({ values }) => values)),
  };
}

const monthNames = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const weekdayNames = 'SUN MON TUE WED THU FRI SAT'.split(' ');
const wordIn = (field: Field, names: readonly string[], first: number): string =>
  /^\d+$/.test(field.text) ? (names[Number(field.text) - first] as string) : field.text;

/** Hours are drawn often from those in which clocks are changed. */
export function drawCron(dice: Dice): DrawnCron {
  const minute = drawField(dice, 0, 59, 0.3);
  const night = dice.roll() < 0.5;
  const hour = night ? drawField(dice, 0, 4, 0) : drawField(dice, 0, 23, 0.5);
  const day = drawField(dice, 1, 31, 0.7);
  const month = drawField(dice, 1, 12, 0.8);
  const weekday = drawField(dice, 0, 6, 0.7);
  // A step over the first hours would be one over all of them.
  const hourText = night ? [...(hour.values ?? [])].join(',') : hour.text;
  const words = dice.roll() < 0.5;
  const monthText = words ? wordIn(month, monthNames, 1) : month.text;
  const weekdayText = words ? wordIn(weekday, weekdayNames, 0) : weekday.text;
  return {
    text: [minute.text, hourText, day.text, monthText, weekdayText].join(' '),
    minutes: minute.values ?? new Set(range(0, 59)),
    hours: hour.values ?? new Set(range(0, 23)),
    days: day.values,
    months: month.values ?? new Set(range(1, 12)),
    weekdays: weekday.values,
  };
}

function isNamed(cron: DrawnCron, wall: number): boolean {
  const date = new Date(wall);
  if (!cron.minutes.has(date.getUTCMinutes()) || !cron.hours.has(date.getUTCHours())) return false;
  if (!cron.months.has(date.getUTCMonth() + 1)) return false;
  const { days, weekdays } = cron;
  const ofMonth = days?.has(date.getUTCDate());
  const ofWeek = weekdays?.has(date.getUTCDay());
  if (ofMonth === undefined || ofWeek === undefined) return ofMonth ?? ofWeek ?? true;
  return ofMonth || ofWeek;
}

/** What the clocks show at each minute from `from` on, as if they were in UTC. */
export interface Walls {
  readonly from: number;
  readonly walls: readonly number[];
}

const minuteMs = 60_000;

export function readWalls(timeZone: string, from: number, minutes: number): Walls {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  const walls = range(0, minutes - 1).map((minute) => {
    const shown = format.format(from + minute * minuteMs).match(/\d+/g) as string[];
    const [day = 0, month = 0, year = 0, hour = 0, at = 0] = shown.map(Number);
    return Date.UTC(year, month - 1, day, hour, at);
  });
  return { from, walls };
}

/** All that is due in these minutes. */
export function expectedSlots(
  cron: DrawnCron,
  dst: 'once' | 'skip' | 'both',
  { from, walls }: Walls,
): readonly number[] {
  const isBeat = cron.hours.size === 24;
  const slots = new Set<number>();
  const shown = new Set<number>();
  for (const [minute, wall] of walls.entries()) {
    const at = from + minute * minuteMs;
    const before = walls[minute - 1];
    if (before !== undefined && dst !== 'skip' && !isBeat)
      for (let out = before + minuteMs; out < wall; out += minuteMs)
        if (isNamed(cron, out)) slots.add(at + out - before - minuteMs);
    const isFirst = !shown.has(wall);
    shown.add(wall);
    if (isNamed(cron, wall) && (isFirst || isBeat || dst === 'both')) slots.add(at);
  }
  return [...slots].sort((a, b) => a - b);
}
