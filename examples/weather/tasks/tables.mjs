/** Numbers as tables. */
import { longDate, minus } from './findings.mjs';

const nameOf = ({ name, index }) =>
  `<span class="key city${index}"><i class="mark"></i>${name}</span>`;
const day = ({ date, value }, unit) =>
  `<span class="record">${minus(value.toFixed(1))} ${unit}</span><small>${longDate(date)}</small>`;

const records = [
  ['Hottest day', ({ records: { hottest } }) => day(hottest, '°C')],
  ['Coldest night', ({ records: { coldest } }) => day(coldest, '°C')],
  ['Wettest day', ({ records: { wettest } }) => day(wettest, 'mm')],
  ['Windiest day', ({ records: { windiest } }) => day(windiest, 'm/s')],
  [
    'Longest without a wet day',
    ({ records: { dry } }) => `<span class="record">${dry} days</span>`,
  ],
  ['Longest run of wet days', ({ records: { wet } }) => `<span class="record">${wet} days</span>`],
];

export function recordsTable(cities) {
  const head = cities.map((city) => `<th scope="col">${nameOf(city)}</th>`).join('');
  const rows = records.map(([title, cell]) => {
    const cells = cities.map((city) => `<td>${cell(city)}</td>`).join('');
    return `<tr><th scope="row">${title}</th>${cells}</tr>`;
  });
  return `<table class="records"><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

const columns = [
  ['mean °C', ({ meanC }) => minus(meanC.toFixed(1))],
  ['rain, mm', ({ mm }) => mm.toFixed(0)],
  ['wet days', ({ wetDays }) => wetDays],
  ['frost nights', ({ frostNights }) => frostNights],
  ['days ≥ 30 °C', ({ hotDays }) => hotDays],
  ['longest dry', ({ longestDry }) => `${longestDry} d`],
];

export function yearsTable(cities) {
  const head = columns.map(([title]) => `<th scope="col">${title}</th>`).join('');
  const rows = cities.flatMap((city) =>
    city.years.map((year, i) => {
      const cells = columns.map(([, cell]) => `<td>${cell(year)}</td>`).join('');
      const first = i === 0 ? ' class="first"' : '';
      return `<tr${first}><th scope="row">${nameOf(city)}</th><th scope="row">${year.year}</th>${cells}</tr>`;
    }),
  );
  return (
    `<table class="years"><thead><tr><th scope="col">city</th><th scope="col">year</th>${head}</tr></thead>` +
    `<tbody>${rows.join('')}</tbody></table>`
  );
}
