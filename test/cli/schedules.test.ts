import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { BackfillView } from '../../src/contract/backfill.ts';
import type { ScheduleView } from '../../src/contract/schedule.ts';
import { noSchedules, summary } from '../api/fake-engine.ts';
import { fakeShell, RUN } from './fake-shell.ts';

const root = mkdtempSync(join(tmpdir(), 'fanfold-cli-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const file = join(root, 'nightly.yaml');
writeFileSync(
  file,
  `name: nightly
schedule: { cron: "30 2 * * *", timezone: Europe/Berlin, overlap: skip, catch-up: { window: 6h } }
tasks:
  a: { run: echo 1 }
`,
);

const one: ScheduleView = {
  name: 'nightly',
  id: RUN,
  state: 'active',
  workflow: 'nightly',
  hash: '00',
  timing: { cron: '30 2 * * *', timezone: 'Europe/Berlin' },
  input: {},
  catchUp: { policy: 'last' },
  overlap: 'skip',
  tags: [],
  createdAt: 0,
  changedAt: 0,
  nextAt: 1_700_000_100_000,
  waiting: [],
  waitingCount: 0,
  started: 3,
  missed: 0,
  skipped: 1,
  failures: 0,
};

const slot = Date.parse('2025-12-31T01:30:00Z');
const step = { slot, does: 'start', run: RUN } as const;
const backfill: BackfillView = {
  id: RUN,
  schedule: 'nightly',
  state: 'active',
  from: slot,
  to: slot + 1,
  order: 'newest',
  parallel: 4,
  again: 'failed',
  slots: 1,
  started: 1,
  skipped: 0,
  open: [RUN],
  left: 0,
  failures: 0,
  createdAt: 0,
};

function shellWith() {
  const calls: unknown[][] = [];
  const url = 'http://127.0.0.1:7999';
  const note =
    <T>(name: string, answer: T) =>
    async (...args: unknown[]) => {
      calls.push([name, ...args]);
      return answer;
    };
  const schedules = {
    ...noSchedules,
    list: note('list', { items: [one], next: null }),
    show: note('show', one),
    put: note('put', one),
    pause: note('pause', { ...one, state: 'paused' as const }),
    resume: note('resume', one),
    run: note('run', summary()),
    remove: note('remove', undefined),
    next: note('next', [Date.parse('2026-01-01T01:30:00Z')]),
    backfills: {
      ...noSchedules.backfills,
      plan: note('plan', { steps: [step], starts: 1, skips: 0 }),
      begin: note('begin', backfill),
      list: note('backfills', { items: [backfill], next: null }),
    },
  };
  const shell = fakeShell({ fanfold: { schedules }, alive: [url], env: { FANFOLD_URL: url } });
  return { ...shell, calls };
}

test('a workflow file is made a schedule as it says itself', async () => {
  const { run, calls, out } = shellWith();
  expect(await run('schedules', 'create', file, '--no-code')).toBe(0);
  expect(calls[0]).toEqual([
    'put',
    'nightly',
    {
      timing: { cron: '30 2 * * *', timezone: 'Europe/Berlin' },
      overlap: 'skip',
      catchUp: { policy: 'window', windowMs: 6 * 3_600_000 },
      workflow: expect.objectContaining({ name: 'nightly' }),
    },
    true,
  ]);
  expect(out()).toContain('next 2026-01-01T01:30:00.000Z');
});

test('options say otherwise', async () => {
  const { run, calls } = shellWith();
  const options = [
    '--name',
    'often',
    '--when',
    'every 15m',
    '--jitter',
    '30s',
    '--overlap',
    'allow',
  ];
  const more = [
    '--catch-up',
    'all',
    '--stop-after-failures',
    '3',
    '--end',
    '2027-01-01',
    '--replace',
  ];
  expect(await run('schedules', 'create', file, '--no-code', ...options, ...more)).toBe(0);
  expect(calls[0]?.slice(1)).toEqual([
    'often',
    expect.objectContaining({
      timing: {
        everyMs: 900_000,
        timezone: 'Europe/Berlin',
        jitterMs: 30_000,
        end: Date.parse('2026-12-31T23:00Z'),
      },
      overlap: 'allow',
      catchUp: { policy: 'all' },
      stopAfterFailures: 3,
    }),
    false,
  ]);
});

test.each([
  [['ls'], 'nightly'],
  [['show', 'nightly'], '3 started, 0 missed, 1 skipped'],
  [['pause', 'nightly'], 'schedule nightly is paused'],
  [['resume', 'nightly'], 'schedule nightly is active'],
  [['run', 'nightly'], RUN],
  [['rm', 'nightly'], 'is removed'],
])('schedules %j', async (argv, text) => {
  const { run, out } = shellWith();
  expect(await run('schedules', ...argv)).toBe(0);
  expect(out()).toContain(text);
});

test.each([
  [['create', file, '--overlap', 'maybe'], 'expected one of allow, skip'],
  [['create', file, '--jitter', 'soon'], 'no length of time'],
  [['create', file, '--end', 'never'], 'no instant'],
])('schedules %j is refused', async (argv, text) => {
  const { run, err } = shellWith();
  expect(await run('schedules', ...argv)).toBe(2);
  expect(err()).toContain(text);
});

test('one run of a file with a schedule says what the schedule is for', async () => {
  const { run, err } = shellWith();
  await run('submit', file, '--no-code');
  expect(err()).toContain('schedules create');
});

test('a backfill takes its range in the schedule’s zone, and is tried dry first', async () => {
  const { run, calls, out } = shellWith();
  const range = ['--from', '2025-12-31', '--to', '2026-01-01', '--order', 'newest'];
  const how = ['--parallel', '4', '--again', 'failed'];
  expect(await run('schedules', 'backfill', 'nightly', ...range, ...how, '--dry-run')).toBe(0);
  const asked = {
    from: Date.parse('2025-12-30T23:00:00Z'),
    to: Date.parse('2025-12-31T23:00:00Z'),
    order: 'newest',
    parallel: 4,
    again: 'failed',
  };
  expect(calls.at(-1)).toEqual(['plan', 'nightly', asked]);
  expect(out()).toContain('2025-12-31T01:30:00Z  start');
  expect(out()).toContain('1 run would start, 0 slots would be skipped');
  expect(await run('schedules', 'backfill', 'nightly', ...range, ...how)).toBe(0);
  expect(calls.at(-1)).toEqual(['begin', 'nightly', asked]);
  expect(out()).toContain('1 started (1 open), 0 skipped, 0 left');
  expect(await run('schedules', 'backfills', 'nightly')).toBe(0);
  expect(out()).toContain(RUN);
  expect(await run('schedules', 'backfill', 'nightly')).toBe(2);
});
