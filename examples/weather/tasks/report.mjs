/** Puts all numbers together into one page that needs nothing but a browser. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { chanceChart, rainChart, rangeChart, strips } from './charts.mjs';
import { findings, summarize } from './findings.mjs';
import { page } from './page.mjs';
import { recordsTable, yearsTable } from './tables.mjs';

const { rows, years, months, resamples, file } = JSON.parse(await text(process.stdin));
const cities = summarize(years, months);
console.error(`${cities.length} cities, ${years.length} years, ${months.length} months`);

const html = page({
  cities,
  rows,
  resamples,
  findings: findings(cities),
  strips: cities.map(strips).join(''),
  ranges: cities.map((city) => rangeChart(city, cities)).join(''),
  chances: chanceChart(cities),
  rain: rainChart(cities),
  records: recordsTable(cities),
  years: yearsTable(cities),
});

console.log(JSON.stringify(file === '' ? html : await written(resolve(file))));

/** Whoever looks at the file sees the old report or the new one, never half of one. */
async function written(path) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.${process.pid}`, html);
  await rename(`${path}.${process.pid}`, path);
  return path;
}
