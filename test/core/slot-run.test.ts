import { expect, test } from '@jest/globals';
import { decodeTime, encodeTime } from 'ulid';
import { ulidPattern } from '../../src/contract/api.ts';
import { runOfSlot } from '../../src/core/slot-run.ts';

const schedule = '01JD8K3V4M5N6P7Q8R9S0T1V2W';

test.each([0, 1, 1_774_747_800_000, Date.UTC(9999, 11, 31)])(
  'the run of slot %i is a ULID of that time',
  (slot) => {
    const id = runOfSlot(schedule, slot);
    expect(id).toMatch(ulidPattern);
    expect([decodeTime(id), id.slice(0, 10)]).toEqual([slot, encodeTime(slot)]);
  },
);

test('schedules that were made at other times, or together, have runs of their own', () => {
  const ids = [schedule, `01JD8K3V4N${schedule.slice(10)}`, `${schedule.slice(0, 25)}X`];
  const runs = ids.map((id) => runOfSlot(id, 1_774_747_800_000));
  expect(new Set(runs).size).toBe(3);
  expect(runs[2]?.slice(0, 25)).toBe(runs[0]?.slice(0, 25));
});
