/** Pictures as SVG. Colours are classes, so that the page's style gives light and dark ones. */
import { minus, monthNames } from './findings.mjs';

const WIDTH = 400;
const HEIGHT = 230;
const LEFT = 34;
const RIGHT = 6;
const TOP = 14;
const BOTTOM = 24;
const SLOT = (WIDTH - LEFT - RIGHT) / 12;

const centre = (month) => LEFT + SLOT * (month + 0.5);
const n = (value) => Number(value.toFixed(1));

/** From a value to a height in the picture. */
const scale = (min, max) => (value) =>
  n(TOP + ((max - value) / (max - min)) * (HEIGHT - TOP - BOTTOM));

function axes(y, ticks, unit) {
  const lines = ticks.map(
    (tick) =>
      `<line class="grid${tick === 0 ? ' zero' : ''}" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/>` +
      `<text class="tick" x="${LEFT - 6}" y="${y(tick)}" dy="0.35em" text-anchor="end">${minus(tick)}${unit}</text>`,
  );
  const months = monthNames.map(
    (name, month) =>
      `<text class="tick" x="${n(centre(month))}" y="${HEIGHT - 6}" text-anchor="middle">${name[0]}</text>`,
  );
  return lines.join('') + months.join('');
}

const svg = (label, body) =>
  `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${body}</svg>`;

function ticksOf(min, max, step) {
  const ticks = [];
  for (let tick = Math.ceil(min / step) * step; tick <= max; tick += step) ticks.push(tick);
  return ticks;
}

const degrees = (celsius) => minus(Math.round(celsius));

/** A city's months: the thick bar is the mean day, from its low to its high; the thin line the extremes. */
export function rangeChart(city, cities) {
  const all = cities.flatMap(({ months }) => months);
  // Room for the numbers at both ends.
  const min = Math.floor((Math.min(...all.map(({ bottom }) => bottom)) - 3) / 10) * 10;
  const max = Math.ceil((Math.max(...all.map(({ top }) => top)) + 2) / 10) * 10;
  const y = scale(min, max);
  const bars = city.months.map((month, i) => {
    const x = n(centre(i));
    const [high, low] = [y(month.high), y(month.low)];
    const said =
      `${monthNames[i]}: mean high ${month.high.toFixed(1)} °C, mean low ${month.low.toFixed(1)} °C; ` +
      `extremes ${month.bottom.toFixed(1)} and ${month.top.toFixed(1)} °C`;
    return (
      `<g class="city${city.index}"><title>${said}</title>` +
      `<line class="whisker" x1="${x}" x2="${x}" y1="${y(month.top)}" y2="${y(month.bottom)}"/>` +
      `<rect class="bar" x="${n(x - 7)}" width="14" y="${high}" height="${n(low - high)}" rx="7"/>` +
      `<text class="value" x="${x}" y="${n(y(month.top) - 5)}">${degrees(month.top)}</text>` +
      `<text class="value" x="${x}" y="${n(y(month.bottom) + 12)}">${degrees(month.bottom)}</text></g>`
    );
  });
  const picture = svg(
    `Temperatures of ${city.name} by month`,
    axes(y, ticksOf(min, max, 10), '°') + bars.join(''),
  );
  return `<figure><figcaption class="city${city.index}"><i class="mark"></i>${city.name}</figcaption>${picture}</figure>`;
}

/** Each city's chance of a wet day, with the range that the resamples say. */
export function chanceChart(cities) {
  const max = Math.max(...cities.flatMap(({ chances }) => chances.map(({ wet }) => wet.high)));
  const y = scale(0, Math.ceil(max * 10) * 10);
  const marks = cities.flatMap(({ name, index, chances }) =>
    chances.map(({ month, wet }) => {
      const x = n(centre(month - 1) + offset(index, cities.length, 9));
      const [value, low, high] = [wet.value, wet.low, wet.high].map((share) => share * 100);
      const said =
        `${name}, ${monthNames[month - 1]}: ${Math.round(value)} % of days are wet ` +
        `(${Math.round(low)} to ${Math.round(high)} %)`;
      return (
        `<g class="city${index}"><title>${said}</title>` +
        `<line class="whisker" x1="${x}" x2="${x}" y1="${y(high)}" y2="${y(low)}"/>` +
        `<circle class="dot" cx="${x}" cy="${y(value)}" r="4"/></g>`
      );
    }),
  );
  const ticks = ticksOf(0, Math.ceil(max * 10) * 10, 20);
  return svg('Chance of a wet day by month', axes(y, ticks, '%') + marks.join(''));
}

/** Rain and snow of the mean month. */
export function rainChart(cities) {
  const max = Math.max(...cities.flatMap(({ months }) => months.map(({ mm }) => mm)));
  const top = Math.ceil(max / 50) * 50;
  const y = scale(0, top);
  const width = Math.min(10, (SLOT - 6) / cities.length);
  const bars = cities.flatMap(({ name, index, months }) =>
    months.map(({ mm }, month) => {
      const x = n(centre(month) + offset(index, cities.length, width + 1) - width / 2);
      return (
        `<g class="city${index}"><title>${name}, ${monthNames[month]}: ${Math.round(mm)} mm</title>` +
        `<rect class="bar" x="${x}" y="${y(mm)}" width="${n(width)}" height="${n(y(0) - y(mm))}" rx="2"/></g>`
      );
    }),
  );
  return svg('Rain and snow by month', axes(y, ticksOf(0, top, 50), '') + bars.join(''));
}

/** Marks of several cities stand beside each other. */
const offset = (index, count, step) => (index - (count - 1) / 2) * step;

const STEP_C = 4;
const WARMTHS = 10;

/** 0 for below freezing, then one for each 4 °C. */
const warmth = (celsius) =>
  celsius < 0 ? 0 : Math.min(WARMTHS - 1, 1 + Math.floor(celsius / STEP_C));

/** Every day of a city, a row for each year: one stripe a day, coloured by its high. */
export function strips(city) {
  const rows = city.years.map(({ year, highs }) => {
    const paths = Array.from({ length: WARMTHS }, (_, colour) => pathOf(highs, colour));
    const drawn = paths.map((path, colour) => path && `<path class="t${colour}" d="${path}"/>`);
    const label = `Highs of each day of ${year} in ${city.name}`;
    return (
      `<div class="strip"><b>${year}</b>` +
      `<svg viewBox="0 0 ${highs.length} 1" preserveAspectRatio="none" role="img" aria-label="${label}"` +
      ` data-year="${year}" data-highs="${highs.join(' ')}">${drawn.join('')}</svg></div>`
    );
  });
  return (
    `<figure class="strips"><figcaption class="city${city.index}"><i class="mark"></i>${city.name}` +
    `<output></output></figcaption>${rows.join('')}</figure>`
  );
}

/** Neighbouring days of one colour are one box. */
function pathOf(highs, colour) {
  let path = '';
  for (let day = 0; day < highs.length; day++) {
    let end = day;
    while (end < highs.length && warmth(highs[end]) === colour) end++;
    if (end > day) path += `M${day} 0h${end - day}v1h-${end - day}z`;
    day = Math.max(day, end - 1);
  }
  return path;
}

export const warmthLabels = Array.from({ length: WARMTHS }, (_, colour) =>
  colour === 0 ? '< 0' : String((colour - 1) * STEP_C),
);
