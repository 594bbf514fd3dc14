import { describe, expect, test } from '@jest/globals';
import { fakeShell } from './fake-shell.ts';

const berlin = ['--zone', 'Europe/Berlin', '--from', '2026-03-28T12:00Z'];

describe('schedules preview', () => {
  test('shows instants, and what the clocks show', async () => {
    const { run, out } = fakeShell();
    expect(await run('schedules', 'preview', '30 2 * * *', ...berlin, '-n', '2')).toBe(0);
    expect(out().split('\n').slice(0, 2)).toEqual([
      expect.stringMatching(/^2026-03-29T01:30:00.000Z {2}Sunday,? 29 March 2026 at 03:30:00/),
      expect.stringMatching(/^2026-03-30T00:30:00.000Z {2}Monday/),
    ]);
  });

  test('with --json prints the instants', async () => {
    const { run, out } = fakeShell();
    const argv = ['30 2 * * *', ...berlin, '-n', '1', '--dst', 'skip', '--json'];
    expect(await run('schedules', 'preview', ...argv)).toBe(0);
    expect(JSON.parse(out())).toEqual({ fires: ['2026-03-30T00:30:00.000Z'] });
  });

  test.each([
    [[], 'name an expression'],
    [['* * * * *', '--zone', 'Europe/Berlni'], 'did you mean "Europe/Berlin"?'],
    [['* * * * *', '--from', 'soon'], '"soon" is no instant'],
    [['* * * * *', '--dst', 'twice'], 'expected one of once, skip, both'],
    [['* * * * *', '--exclude', 'xmas'], '"xmas" is no day'],
    [['0 0 30 2 *'], 'never comes'],
    [['every 0s'], 'from 1 second to 366 days'],
    [['every 1000000000000h'], 'from 1 second to 366 days'],
    [['2026-02-30T12:00Z'], 'no instant'],
  ])('%j is refused with exit code 2', async (argv, message) => {
    const { run, err } = fakeShell();
    expect(await run('schedules', 'preview', ...argv)).toBe(2);
    expect(err()).toContain(message);
  });

  test('with --stdin answers each line', async () => {
    const line = (row: object) =>
      JSON.stringify({ zone: 'UTC', from: '2026-01-01T00:00:00Z', n: 1, ...row });
    const stdin = [
      line({ expression: '0 0 29 FEB *' }),
      line({ expression: '*/10 * * * * *' }),
      line({ expression: '0 9 * * MON', zone: 'America/New_York' }),
      line({ expression: '0 0 30 2 *' }),
      line({ expression: '*/0 * * * *' }),
      line({ expression: '* * * * *', zone: 'Mars/Olympus' }),
      line({ expression: '* * * * *', from: '2026-02-30T00:00:00Z' }),
      line({ expression: '* * * * *', n: -1 }),
      line({ expresion: '* * * * *' }),
      line({ expression: '@daily', from: '9999-12-31T12:00:00Z' }),
      '',
      'no json',
      '[]',
    ];
    const { run, out } = fakeShell({ stdin });
    expect(await run('schedules', 'preview', '--stdin')).toBe(0);
    const error = (word: string) => ({ error: expect.stringContaining(word) });
    expect(
      out()
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text)),
    ).toEqual([
      { fires: ['2028-02-29T00:00:00.000Z'] },
      { fires: ['2026-01-01T00:00:10.000Z'] },
      { fires: ['2026-01-05T14:00:00.000Z'] },
      error('never comes'),
      error('stepping'),
      error('no time zone'),
      error('no instant'),
      error('whole number'),
      error('unknown key'),
      { fires: [] },
      error('not JSON'),
      error('must be a map'),
    ]);
  });
});
