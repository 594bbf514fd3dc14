/** What one year was like in one city. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';

/** From here on a day counts as wet: the usual 1 mm. */
const WET_MM = 1;
const HOT_C = 30;

export async function year({ file, city, year }) {
  const days = await daysOf(file, city, year);
  const highs = days.map((day) => day.high);
  const wet = days.map((day) => day.mm >= WET_MM);
  return {
    city,
    year,
    meanC: round(mean(days.map((day) => (day.high + day.low) / 2))),
    mm: round(sum(days.map((day) => day.mm))),
    wetDays: wet.filter(Boolean).length,
    frostNights: days.filter((day) => day.low < 0).length,
    hotDays: days.filter((day) => day.high >= HOT_C).length,
    longestDry: longestRow(wet, false),
    longestWet: longestRow(wet, true),
    records: {
      hottest: top(days, (day) => day.high),
      coldest: top(days, (day) => day.low, -1),
      wettest: top(days, (day) => day.mm),
      windiest: top(days, (day) => day.wind),
    },
    months: Array.from({ length: 12 }, (_, i) => monthOf(days.filter((day) => day.month === i))),
    highs,
  };
}

async function daysOf(file, city, year) {
  const [, ...lines] = String(gunzipSync(await readFile(file)))
    .trim()
    .split('\n');
  return lines
    .map((line) => line.split(','))
    .filter(([place, date]) => place === city && date.startsWith(`${year}-`))
    .map(([, date, mm, high, low, wind]) => ({
      date,
      month: Number(date.slice(5, 7)) - 1,
      mm: Number(mm),
      high: Number(high),
      low: Number(low),
      wind: Number(wind),
    }));
}

const monthOf = (days) => ({
  high: round(mean(days.map((day) => day.high))),
  low: round(mean(days.map((day) => day.low))),
  top: Math.max(...days.map((day) => day.high)),
  bottom: Math.min(...days.map((day) => day.low)),
  mm: round(sum(days.map((day) => day.mm))),
});

const sum = (values) => values.reduce((total, value) => total + value, 0);
const mean = (values) => sum(values) / values.length;
const round = (value) => Math.round(value * 10) / 10;

/** The first day with the greatest value; with `sign` -1 the least. */
function top(days, measure, sign = 1) {
  const best = days.reduce((a, b) => (sign * measure(b) > sign * measure(a) ? b : a));
  return { date: best.date, value: measure(best) };
}

function longestRow(flags, wanted) {
  let longest = 0;
  let row = 0;
  for (const flag of flags) {
    row = flag === wanted ? row + 1 : 0;
    longest = Math.max(longest, row);
  }
  return longest;
}
