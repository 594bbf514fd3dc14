import { describe, expect, test } from '@jest/globals';
import { CronExpressionParser } from 'cron-parser';
import { nextWallTime } from '../../src/core/schedule-cron.ts';
import { parseCron } from '../../src/definition/cron.ts';
import { type DrawnCron, drawCron } from '../support/cron-oracle.ts';
import { diceOf } from '../support/dice.ts';

function fieldsOf(text: string) {
  const fields = parseCron(text);
  if ('mistake' in fields) throw new Error(`${text}: ${fields.mistake}`);
  return fields;
}

function listed(text: string, from: string, count: number): string[] {
  const times: string[] = [];
  for (let at: number | undefined = Date.parse(from); times.length < count; at += 1) {
    at = nextWallTime(fieldsOf(text), at);
    if (at === undefined) break;
    times.push(new Date(at).toISOString().slice(0, 19));
  }
  return times;
}

describe('the times that an expression names', () => {
  test.each([
    ['0 0 29 2 *', '2096-03-01T00:00Z', ['2104-02-29T00:00:00']],
    ['0 0 31 * *', '2026-02-01T00:00Z', ['2026-03-31T00:00:00', '2026-05-31T00:00:00']],
    ['0 0 13 * FRI', '2026-11-10T00:00Z', ['2026-11-13T00:00:00', '2026-11-20T00:00:00']],
    ['0 0 13 * +FRI', '2026-11-14T00:00Z', ['2027-08-13T00:00:00']],
    ['0 0 L * *', '2028-02-01T00:00Z', ['2028-02-29T00:00:00', '2028-03-31T00:00:00']],
    ['0 0 LW * *', '2026-10-01T00:00Z', ['2026-10-30T00:00:00', '2026-11-30T00:00:00']],
    ['0 0 1W * *', '2026-08-01T00:00Z', ['2026-08-03T00:00:00', '2026-09-01T00:00:00']],
    ['0 0 31W * *', '2026-10-01T00:00Z', ['2026-10-30T00:00:00', '2026-12-31T00:00:00']],
    ['0 0 * * MON#1', '2026-11-03T00:00Z', ['2026-12-07T00:00:00', '2027-01-04T00:00:00']],
    ['0 0 * * 5L', '2026-11-01T00:00Z', ['2026-11-27T00:00:00', '2026-12-25T00:00:00']],
    ['*/20 59 23 31 DEC ?', '2026-12-31T23:59:21Z', ['2026-12-31T23:59:40', '2027-12-31T23:59:00']],
    ['@weekly', '2026-11-01T00:00:01Z', ['2026-11-08T00:00:00']],
    ['0 0 1 1 7', '9999-12-20T00:00Z', []],
  ])('%s from %s', (text, from, want) => {
    expect(listed(text, from, want.length || 1)).toEqual(want);
  });

  test('are at or after the time that is asked for, to the millisecond', () => {
    expect(listed('0 12 * * *', '2026-01-01T12:00:00.000Z', 1)).toEqual(['2026-01-01T12:00:00']);
    expect(listed('0 12 * * *', '2026-01-01T12:00:00.001Z', 1)).toEqual(['2026-01-02T12:00:00']);
    expect(listed('* * * * * *', '2026-12-31T23:59:59.500Z', 1)).toEqual(['2027-01-01T00:00:00']);
  });
});

/** In lists of numbers, each of them once. */
function plain({ minutes, hours, days, months, weekdays }: DrawnCron): string {
  const fields = [minutes, hours, days, months, weekdays];
  const list = (values: ReadonlySet<number>) => [...values].sort((a, b) => a - b).join(',');
  return fields.map((values) => (values ? list(values) : '*')).join(' ');
}

test('thousands of drawn expressions name the same times as another library says', () => {
  const dice = diceOf(7);
  for (let drawn = 0; drawn < 2_000; drawn++) {
    const cron = drawCron(dice);
    const { text } = cron;
    // A list of all days counts as one there, and as `*` elsewhere.
    if (cron.days?.size === 31 || cron.weekdays?.size === 7) continue;
    const from = Date.UTC(1990 + dice.upTo(60), dice.upTo(12), dice.upTo(28), dice.upTo(24));
    const fields = parseCron(text);
    if ('mistake' in fields) continue;
    const other = CronExpressionParser.parse(plain(cron), {
      currentDate: new Date(from - 1),
      tz: 'UTC',
    });
    let at = from - 1;
    for (let n = 0; n < 4; n++) {
      at = nextWallTime(fields, at + 1) as number;
      expect([text, at]).toEqual([text, other.next().getTime()]);
    }
  }
});
