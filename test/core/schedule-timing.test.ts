import { describe, expect, test } from '@jest/globals';
import { nextSlot, startOfSlot, type Timing } from '../../src/core/schedule-timing.ts';
import { nextChange } from '../../src/core/schedule-zone.ts';
import { parseCron } from '../../src/definition/cron.ts';
import { compileTiming } from '../../src/definition/timing.ts';
import { drawCron, expectedSlots, readWalls } from '../support/cron-oracle.ts';
import { diceOf } from '../support/dice.ts';

type Given = Parameters<typeof compileTiming>[0];

function slots(given: Given, from: string, count: number): string[] {
  const timing = compileTiming(given, Date.parse(from));
  const found: string[] = [];
  for (let at: number | undefined = Date.parse(from); found.length < count; ) {
    at = nextSlot(timing, at);
    if (at === undefined) break;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

const dayMs = 86_400_000;
const policies = ['once', 'skip', 'both'] as const;

/**
 * Goal: no slot is missed, doubled or moved around a change of the clocks.
 * Method: draw a zone, one of its changes, expressions; compare with a walk over every minute of the days around it.
 */
test('around changes of the clocks slots are those that a walk over every minute finds', () => {
  const dice = diceOf(2026);
  const zones = Intl.supportedValuesOf('timeZone');
  let compared = 0;
  for (let drawn = 0; drawn < 60; drawn++) {
    const zone = zones[dice.upTo(zones.length)] as string;
    const since = Date.UTC(1975 + dice.upTo(62), dice.upTo(12));
    const change = nextChange(zone, since, since + 20 * 365 * dayMs);
    if (change === undefined || change.at % 60_000 !== 0) continue;
    const from = change.at - dayMs - dice.upTo(1000) * 60_000;
    const walls = readWalls(zone, from, 3 * 1440);
    for (let n = 0; n < 20; n++) {
      const cron = drawCron(dice);
      const fields = parseCron(cron.text);
      if ('mistake' in fields) continue;
      const dst = policies[dice.upTo(3)] as (typeof policies)[number];
      const timing: Timing = { recurrence: { kind: 'cron', fields, dst }, zone };
      const found: number[] = [];
      const end = from + walls.walls.length * 60_000;
      for (let at = from - 1; ; ) {
        at = nextSlot(timing, at) ?? end;
        if (at >= end) break;
        found.push(at);
      }
      const told = [zone, new Date(change.at).toISOString(), cron.text, dst];
      expect([told, found]).toEqual([told, expectedSlots(cron, dst, walls)]);
      compared += found.length;
    }
  }
  expect(compared).toBeGreaterThan(10_000);
});

describe('a time of day', () => {
  const berlin = { cron: '30 2 * * *', timezone: 'Europe/Berlin' } as const;

  test.each([
    ['once', ['2026-03-29T01:30', '2026-03-30T00:30']],
    ['skip', ['2026-03-30T00:30', '2026-03-31T00:30']],
    ['both', ['2026-03-29T01:30', '2026-03-30T00:30']],
  ] as const)('that the clocks leave out, with %s', (dst, want) => {
    expect(slots({ ...berlin, dst }, '2026-03-28T12:00Z', 2)).toEqual(want);
  });

  test.each([
    ['once', ['2026-10-25T00:30', '2026-10-26T01:30']],
    ['skip', ['2026-10-25T00:30', '2026-10-26T01:30']],
    ['both', ['2026-10-25T00:30', '2026-10-25T01:30']],
  ] as const)('that comes twice, with %s', (dst, want) => {
    expect(slots({ ...berlin, dst }, '2026-10-24T12:00Z', 2)).toEqual(want);
  });
});

test('a beat goes on through changes of the clocks', () => {
  const given = { cron: '*/30 * * * *', timezone: 'Europe/Berlin', dst: 'once' } as const;
  for (const from of ['2026-03-29T00:00Z', '2026-10-25T00:00Z']) {
    const found = slots(given, from, 8).map((slot) => Date.parse(`${slot}Z`));
    expect(found).toEqual(found.map((_, i) => Date.parse(from) + (i + 1) * 1_800_000));
  }
});

describe('bounds', () => {
  test('an interval counts from its start, or from when it was made', () => {
    expect(slots({ everyMs: 600_000 }, '2026-01-01T00:07Z', 2)).toEqual([
      '2026-01-01T00:17',
      '2026-01-01T00:27',
    ]);
    const start = Date.parse('2026-01-01T00:05Z');
    expect(slots({ everyMs: 600_000, start }, '2026-01-01T00:07Z', 1)).toEqual([
      '2026-01-01T00:15',
    ]);
    expect(slots({ everyMs: 600_000, start }, '2025-01-01T00:07Z', 1)).toEqual([
      '2026-01-01T00:05',
    ]);
  });

  test('an instant comes once', () => {
    const at = Date.parse('2026-01-01T00:05Z');
    expect(slots({ at }, '2026-01-01T00:04Z', 2)).toEqual(['2026-01-01T00:05']);
    expect(slots({ at }, '2026-01-01T00:05Z', 2)).toEqual([]);
  });

  test('the start may be a slot, the end is none', () => {
    const start = Date.parse('2026-01-02T00:00Z');
    const end = Date.parse('2026-01-04T00:00Z');
    expect(slots({ cron: '@daily', start, end }, '2025-01-01T00:00Z', 9)).toEqual([
      '2026-01-02T00:00',
      '2026-01-03T00:00',
    ]);
  });
});

describe('days that are left out', () => {
  test('are those of the zone', () => {
    const given = {
      cron: '0 */12 * * *',
      timezone: 'Asia/Tokyo',
      exclude: ['2026-01-02', '01-04'],
    };
    const want = ['2026-01-01T03:00', '2026-01-02T15:00', '2026-01-03T03:00', '2026-01-04T15:00'];
    expect(slots(given, '2025-12-31T16:00Z', 4)).toEqual(want);
  });

  test('are skipped at once, however much is due on them', () => {
    const given = { cron: '* * * * * *', exclude: ['2026-01-01..2035-12-31', 'fri', 'sunday'] };
    expect(slots(given, '2026-01-01T00:00Z', 1)).toEqual(['2036-01-01T00:00']);
  });

  test('may be all days on which something is due', () => {
    expect(slots({ cron: '0 0 1 1 *', exclude: ['01-01'] }, '2026-01-01T00:00Z', 1)).toEqual([]);
  });

  test('hold no slot, wherever the clocks change at midnight', () => {
    const timezone = 'America/Havana';
    for (const exclude of [['2026-03-08'], ['2026-03-07'], ['2026-11-01'], ['2026-10-31']]) {
      const from = `${new Date(Date.parse(exclude[0] as string) - dayMs).toISOString().slice(0, 10)}T00:00Z`;
      const format = new Intl.DateTimeFormat('en-CA', { timeZone: timezone });
      const shown = slots({ cron: '*/10 * * * *', timezone, exclude }, from, 500).map((slot) =>
        format.format(Date.parse(`${slot}Z`)),
      );
      expect(shown).not.toContain(exclude[0]);
      const next = Date.parse(`${exclude[0]}T00:00Z`) + dayMs;
      const dayAfter = new Date(next).toISOString().slice(0, 10);
      expect(shown.filter((day) => day === dayAfter).length).toBe(
        dayAfter === '2026-03-08' ? 138 : dayAfter === '2026-11-01' ? 150 : 144,
      );
    }
  });
});

test('jitter is spread evenly, inside its bound, and the same for all who ask', () => {
  const timing: Timing = { ...compileTiming({ everyMs: 1000 }, 0), jitterMs: 999 };
  const tenths = new Array(10).fill(0);
  for (let slot = 0; slot < 10_000_000; slot += 1000) {
    const delay = startOfSlot(timing, 'nightly', slot) - slot;
    tenths[Math.floor(delay / 100)] += 1;
    expect(startOfSlot(timing, 'nightly', slot) - slot).toBe(delay);
  }
  const chi = tenths.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  // 9 degrees of freedom: above 27.9 once in a thousand.
  expect(chi).toBeLessThan(27.9);
  expect(startOfSlot({ ...timing, jitterMs: 0 }, 'nightly', 5000)).toBe(5000);
});
