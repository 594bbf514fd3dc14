import { expect, test } from '@jest/globals';
import { parseCron } from '../../src/definition/cron.ts';

test.each([
  ['*/0 * * * *', 'illegal stepping'],
  ['/5 * * * *', 'a step needs a range'],
  ['60 * * * *', 'minute: 60'],
  ['5-1 * * * *', 'larger'],
  ['0 0 31 4 *', 'never comes'],
  ['0 0 30,31 2 *', 'never comes'],
  ['* * * *', 'five fields'],
  ['0 0 0 1 1 * 2027', 'five fields'],
  ['@reboot', 'no time'],
  ['١ * * * *', 'no place in it'],
  ['0 0 * foo *', 'illegal'],
  ['', 'five fields'],
  [`${'1,'.repeat(600)}1 * * * *`, 'more than 1024 characters'],
])('%j is refused: %s', (text, words) => {
  expect(parseCron(text)).toEqual({ mistake: expect.stringContaining(words) });
});

test.each([
  '* * * * *',
  '@yearly',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
  '5/15 0 * * *',
  '0 0 ? JAN-mar/2 sun',
])('%s is taken', (text) => {
  expect(parseCron(text)).toHaveProperty('minutes');
});

/** Goal: nothing keeps a process busy. Method: all texts of four and five tokens that chance makes of awkward ones. */
test('any text is answered at once', () => {
  const tokens = [
    '*',
    '0',
    '31',
    '2',
    '*/1',
    '*/59',
    '29-31',
    'L',
    'MON#5',
    'FEB',
    '15W',
    'LW',
    '5L',
    '?',
    '1-0',
    '99',
    'x',
  ];
  let state = 1;
  const pick = () => {
    state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647;
    return tokens[state % tokens.length];
  };
  let taken = 0;
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: 5 + (i % 2) }, pick).join(' ');
    if (!('mistake' in parseCron(text))) taken += 1;
  }
  expect(taken).toBeGreaterThan(100);
});
