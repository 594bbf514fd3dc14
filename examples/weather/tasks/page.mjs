/** The page around the pictures. It loads nothing, and works from a file. */
import { readFileSync } from 'node:fs';
import { warmthLabels } from './charts.mjs';
import { monthNames } from './findings.mjs';

const beside = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');

const legend = (cities) =>
  `<p class="legend">${cities
    .map(({ name, index }) => `<span class="key city${index}"><i class="mark"></i>${name}</span>`)
    .join('')}</p>`;

const warmthLegend = `<p class="warmth"><span>high of the day, from °C</span>${warmthLabels
  .map((label, colour) => `<span><i class="swatch t${colour}"></i>${label}</span>`)
  .join('')}</p>`;

const monthRow = `<div class="months"><b></b><div>${monthNames
  .map((name) => `<span>${name.slice(0, 3)}</span>`)
  .join('')}</div></div>`;

const card = ({ name, index, meanC, mm, wetDays, frostNights, hotDays, records }) => `
<section class="card city${index}">
  <h2><i class="mark"></i>${name}</h2>
  <dl>
    <div><dt>mean temperature</dt><dd>${meanC.toFixed(1)}<small>°C</small></dd></div>
    <div><dt>rain a year</dt><dd>${Math.round(mm)}<small>mm</small></dd></div>
    <div><dt>wet days a year</dt><dd>${Math.round(wetDays)}</dd></div>
    <div><dt>frost nights</dt><dd>${Math.round(frostNights)}</dd></div>
    <div><dt>days ≥ 30 °C</dt><dd>${Math.round(hotDays)}</dd></div>
    <div><dt>longest dry spell</dt><dd>${records.dry}<small>days</small></dd></div>
  </dl>
</section>`;

const spanOf = (cities) => {
  const years = cities.flatMap((city) => city.years.map(({ year }) => year));
  return `${Math.min(...years)} to ${Math.max(...years)}`;
};

export function page(parts) {
  const { cities, rows, resamples } = parts;
  const names = cities.map(({ name }) => name).join(' and ');
  const span = spanOf(cities);
  const said = new Intl.NumberFormat('en');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Weather of ${names}, ${span}</title>
<style>
${beside('page.css')}</style>
</head>
<body>
<main>
<header>
  <p class="over">Daily weather, ${span}</p>
  <h1>${names}</h1>
  <div class="findings">${parts.findings.map(({ title, text }) => `<p><span class="title">${title}</span>${text}</p>`).join('')}</div>
</header>
<div class="two">${cities.map(card).join('')}</div>
<section class="panel">
  <h2>Every day</h2>
  <p class="note">One stripe for each day, coloured by its highest temperature. Point at one to read it.</p>
  ${parts.strips}${monthRow}${warmthLegend}
</section>
<section class="panel">
  <h2>Temperatures by month</h2>
  <p class="note">Thick: the mean day, from its low to its high. Thin, with numbers: the lowest and highest seen, °C.</p>
  <div class="two">${parts.ranges}</div>
</section>
<div class="two">
  <section class="panel">
    <h2>Chance of a wet day</h2>
    <p class="note">Share of days with 1 mm or more. The lines hold 95 % of ${said.format(resamples)} resamples of whole weeks.</p>
    ${legend(cities)}${parts.chances}
  </section>
  <section class="panel">
    <h2>Rain and snow by month</h2>
    <p class="note">Millimetres in the mean month, snow as the water it melts to.</p>
    ${legend(cities)}${parts.rain}
  </section>
</div>
<section class="panel">
  <h2>Records</h2>
  <div class="wide">${parts.records}</div>
</section>
<section class="panel">
  <h2>Year by year</h2>
  <div class="wide">${parts.years}</div>
</section>
<footer>
  <p>${said.format(rows)} rows. Source: NOAA, Climate Data Online (public domain), by way of the package vega-datasets.
  Made by the workflow <code>examples/weather</code> of Fanfold.</p>
</footer>
</main>
<script>
${beside('pointer.js')}</script>
</body>
</html>
`;
}
