import { expect, test } from '@jest/globals';
import {
  instantOf,
  isZone,
  lastChange,
  nextChange,
  offsetAt,
} from '../../src/core/schedule-zone.ts';

const hourMs = 3_600_000;
const at = (text: string): number => Date.parse(text);
const toSpring = at('2026-03-29T01:00Z');
const toAutumn = at('2026-10-25T01:00Z');

test('clocks are ahead of UTC by what the zone says, up to the second in which they change', () => {
  expect(offsetAt('Europe/Berlin', toSpring - 1)).toBe(hourMs);
  expect(offsetAt('Europe/Berlin', toSpring)).toBe(2 * hourMs);
  expect(offsetAt('UTC', 0)).toBe(0);
  expect(offsetAt('Asia/Kathmandu', toSpring)).toBe(5.75 * hourMs);
  expect(offsetAt('Africa/Monrovia', 0)).toBe(-(44 * 60 + 30) * 1000);
});

test('the next change is told, and the last one for two days', () => {
  const change = { at: toSpring, before: hourMs, after: 2 * hourMs };
  expect(nextChange('Europe/Berlin', toSpring - 1, toSpring)).toEqual(change);
  expect(nextChange('Europe/Berlin', toSpring, toAutumn - 1)).toBeUndefined();
  expect(nextChange('Europe/Berlin', 0, Date.UTC(1970, 11))).toBeUndefined();
  expect(lastChange('Europe/Berlin', toSpring)).toEqual(change);
  expect(lastChange('Europe/Berlin', toSpring - 1)).toBeUndefined();
  expect(lastChange('Europe/Berlin', toSpring + 48 * hourMs)).toBeUndefined();
});

test.each([
  ['a time that comes once', '2026-07-01T12:00', '2026-07-01T10:00Z'],
  ['the first of two', '2026-10-25T02:30', '2026-10-25T00:30Z'],
  ['as much later as the clocks were put forward', '2026-03-29T02:30', '2026-03-29T01:30Z'],
])('a time of the clocks is %s', (_words, wall, instant) => {
  expect(instantOf('Europe/Berlin', at(`${wall}Z`))).toBe(at(instant));
});

test('a day that a zone left out is as much later', () => {
  const leftOut = at('2011-12-30T12:00Z');
  expect(instantOf('Pacific/Apia', leftOut)).toBe(at('2011-12-30T22:00Z'));
});

test('words that are no zone are known', () => {
  expect(['Europe/Berlin', 'UTC', 'Europe/Atlantis', ''].map(isZone)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

/** Goal: no change is missed by looking only every few days. Method: every zone, six hours by six hours, from 1970 to 2040. */
test('all changes of some zones since 1970 are found', () => {
  const zones = [
    'Africa/Casablanca',
    'Africa/Cairo',
    'America/Caracas',
    'Asia/Gaza',
    'Pacific/Apia',
  ];
  for (const zone of [...zones, 'Antarctica/Troll', 'Australia/Lord_Howe', 'America/Sao_Paulo']) {
    let wrong = 0;
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    for (let now = 0; now < Date.UTC(2040, 0); now += 30 * hourMs) {
      const [day = 0, month = 0, year = 0, h = 0, m = 0, s = 0] = (
        format.format(now).match(/\d+/g) ?? []
      ).map(Number);
      if (Date.UTC(year, month - 1, day, h, m, s) - now !== offsetAt(zone, now)) wrong += 1;
    }
    expect({ zone, wrong }).toEqual({ zone, wrong: 0 });
  }
});
