/** Years and months by city, and what they say in words. */

export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** One entry a city, in the order of the data. */
export function summarize(years, months) {
  const names = [...new Set(years.map(({ city }) => city))];
  return names.map((name, index) => {
    const own = years.filter(({ city }) => city === name);
    return {
      name,
      index,
      years: own,
      meanC: mean(own.map(({ meanC }) => meanC)),
      mm: mean(own.map(({ mm }) => mm)),
      wetDays: mean(own.map(({ wetDays }) => wetDays)),
      frostNights: mean(own.map(({ frostNights }) => frostNights)),
      hotDays: mean(own.map(({ hotDays }) => hotDays)),
      records: recordsOf(own),
      months: Array.from({ length: 12 }, (_, month) => monthOf(own, month)),
      chances: months.filter(({ city }) => city === name).sort((a, b) => a.month - b.month),
    };
  });
}

function monthOf(years, month) {
  const own = years.map(({ months }) => months[month]);
  return {
    high: mean(own.map(({ high }) => high)),
    low: mean(own.map(({ low }) => low)),
    top: Math.max(...own.map(({ top }) => top)),
    bottom: Math.min(...own.map(({ bottom }) => bottom)),
    mm: mean(own.map(({ mm }) => mm)),
  };
}

function recordsOf(years) {
  const best = (name, sign) =>
    years
      .map(({ records }) => records[name])
      .reduce((a, b) => (sign * b.value > sign * a.value ? b : a));
  return {
    hottest: best('hottest', 1),
    coldest: best('coldest', -1),
    wettest: best('wettest', 1),
    windiest: best('windiest', 1),
    dry: Math.max(...years.map(({ longestDry }) => longestDry)),
    wet: Math.max(...years.map(({ longestWet }) => longestWet)),
  };
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
/** A number as text, with a true minus sign. */
export const minus = (value) => String(value).replace('-', '−');
const percent = (share) => `${Math.round(share * 100)}\u00a0%`;
export const longDate = (date) =>
  new Date(`${date}T00:00:00Z`).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  });

/** A few sentences, each a title and what stands behind it. */
export function findings(cities) {
  const rainiest = cities.reduce((a, b) => (b.mm > a.mm ? b : a));
  const hottest = cities.reduce((a, b) =>
    b.records.hottest.value > a.records.hottest.value ? b : a,
  );
  const coldest = cities.reduce((a, b) =>
    b.records.coldest.value < a.records.coldest.value ? b : a,
  );
  const amounts = cities.map(
    ({ name, mm, wetDays }) => `${name} ${whole.format(mm)} mm on ${Math.round(wetDays)} wet days`,
  );
  return [
    {
      title: `Most rain: ${rainiest.name}`,
      text: `In a mean year: ${amounts.join(', ')}.`,
    },
    { title: 'When it is wet', text: cities.map(swing).join(' ') },
    {
      title: 'From coldest to hottest',
      text:
        `${minus(coldest.records.coldest.value)}\u00a0°C in ${coldest.name} on ${longDate(coldest.records.coldest.date)}, ` +
        `${minus(hottest.records.hottest.value)}\u00a0°C in ${hottest.name} on ${longDate(hottest.records.hottest.date)}.`,
    },
  ];
}

/** How the chance of a wet day moves through the year. */
function swing({ name, chances }) {
  const driest = chances.reduce((a, b) => (b.wet.value < a.wet.value ? b : a));
  const wettest = chances.reduce((a, b) => (b.wet.value > a.wet.value ? b : a));
  const monthOf = ({ month }) => monthNames[month - 1];
  return (
    `In ${name} the chance of a wet day goes from ${percent(driest.wet.value)} in ${monthOf(driest)} ` +
    `to ${percent(wettest.wet.value)} in ${monthOf(wettest)}.`
  );
}
