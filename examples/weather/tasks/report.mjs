/** Puts all numbers together into one page that needs nothing but a browser. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { chanceChart, rainChart, rangeChart, strips } from './charts.mjs';
import { findings, summarize } from './findings.mjs';
import { page } from './page.mjs';
import { recordsTable, yearsTable } from './tables.mjs';

const { rows, years, months, resamples } = JSON.parse(await text(process.stdin));
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

// Whoever looks at the file sees the old report or the new one, never half of one.
const file = resolve('out/report.html');
await mkdir('out', { recursive: true });
await writeFile(`${file}.${process.pid}`, html);
await rename(`${file}.${process.pid}`, file);
console.log(JSON.stringify(file));
