import { expect, test } from '@jest/globals';
import { defaultSettings } from '../../src/engine/settings.ts';
import type { Item, Put, PutResult, Table } from '../../src/ports/table.ts';
import { createHeartbeat } from '../../src/runner/heartbeat.ts';
import type { Held } from '../../src/runner/held.ts';

const held = (task: number): Held =>
  ({ run: 'r', task, attempt: 1, since: 0, beat: undefined }) as unknown as Held;

/** One item's table, in which a put may be given up and land later. */
function rig() {
  let stored: Item | undefined;
  let now = 1000;
  const late: (() => PutResult)[] = [];
  let givesUp = false;
  const apply = ({ item, condition }: Put): PutResult => {
    const met =
      condition === 'any' ||
      (condition === 'absent'
        ? stored === undefined
        : stored !== undefined && stored.version === condition.version);
    if (!met) return { done: false, found: stored };
    stored = item;
    return { done: true };
  };
  const table = {
    put: async (item: Item, condition: Put['condition']) => {
      if (!givesUp) return apply({ item, condition });
      late.push(() => apply({ item, condition }));
      throw Object.assign(new Error('no answer'), { name: 'Unavailable' });
    },
  } as unknown as Table;
  const clock = { now: () => ++now, sleep: async () => undefined };
  const counts = { ended: 0, servedMs: 0, messages: 0 };
  const holdings = { list: () => [], counts: () => counts };
  const runner = { id: 'runner', pool: 'default', slots: 1 };
  const heartbeat = createHeartbeat({ table, clock }, defaultSettings, runner, holdings);
  const listed = (): unknown => ((stored?.data.holds ?? []) as unknown[][]).map(([, task]) => task);
  return {
    heartbeat,
    listed,
    late,
    giveUp: (yes: boolean) => {
      givesUp = yes;
    },
    remove: () => {
      stored = undefined;
    },
  };
}

test('a heartbeat that was given up and lands late does not take the place of a newer one', async () => {
  const { heartbeat, listed, late, giveUp } = rig();
  await heartbeat.beat([held(1)]);
  giveUp(true);
  await heartbeat.beat([held(2)]).catch(() => undefined);
  giveUp(false);
  await heartbeat.beat([held(3)]);
  expect(late.map((land) => land().done)).toEqual([false]);
  expect(listed()).toEqual([3]);
});

test('one that has landed unheard is no hindrance, and neither is a sweep that removed the last', async () => {
  const { heartbeat, listed, late, giveUp, remove } = rig();
  await heartbeat.beat([held(1)]);
  giveUp(true);
  await heartbeat.beat([held(2)]).catch(() => undefined);
  for (const land of late) land();
  giveUp(false);
  expect(await heartbeat.beat([held(3)])).toBe(true);
  expect(listed()).toEqual([3]);
  remove();
  expect(await heartbeat.beat([held(4)])).toBe(true);
  expect(listed()).toEqual([4]);
});
