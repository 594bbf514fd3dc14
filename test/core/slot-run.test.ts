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
    expect(id.slice(10)).toBe(schedule.slice(10));
  },
);
