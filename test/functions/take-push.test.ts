import { describe, expect, test } from '@jest/globals';
import { type PushActs, takePush } from '../../functions/shared/take-push.ts';
import type { Noted } from '../../src/access/audit-chain.ts';
import { systemHost } from '../../src/adapters/memory/host.ts';
import { memoryTable } from '../../src/adapters/memory/table.ts';
import { TableStore } from '../../src/adapters/memory/table-store.ts';
import { systemClock } from '../../src/adapters/system.ts';
import { createImages } from '../../src/engine/images.ts';
import { defaultSettings } from '../../src/engine/settings.ts';

const digest = `sha256:${'1'.repeat(64)}`;
const watched = (pool: string) => ({
  pool,
  repository: 'fanfold/video',
  tag: 'stable',
  runs: { function: pool },
});
const capacity = { cpu: 1, memoryMb: 512, diskMb: 512, gpu: 0 };
const image = { repository: 'fanfold/video', digest, at: 7 };

function world(labels: Awaited<ReturnType<PushActs['labels']>>) {
  const table = memoryTable(new TableStore(systemHost));
  const images = createImages({ table, clock: systemClock }, defaultSettings);
  const done: string[] = [];
  const noted: Noted[] = [];
  const told: object[] = [];
  const acts: PushActs = {
    labels: async () => labels,
    async revise({ pool }) {
      done.push(`revise ${pool}`);
      return true;
    },
    async register(pushed) {
      done.push(`register ${pushed.pool}`);
      return images.push(pushed);
    },
    note: async (one) => void noted.push(one),
    tell: async (event) => void told.push(event),
  };
  return { acts, images, done, noted, told };
}

describe('an image that was pushed', () => {
  test('is run by its pools before new runs get its types; then it is noted and told', async () => {
    const { acts, images, done, noted, told } = world({
      labels: { 'dev.fanfold.task.cut': '{command: [/cut], resources: {cpu: 1}}' },
    });
    const pools = [watched('a'), watched('b')];
    const facts = { a: { capacity }, b: { capacity } };
    const outcomes = await takePush(acts, { image, pools, facts });
    expect(outcomes.map(({ pool, state, revised }) => [pool, state, revised])).toEqual([
      ['a', 'accepted', true],
      ['b', 'accepted', true],
    ]);
    expect(done).toEqual(['revise a', 'register a', 'revise b', 'register b']);
    expect((await images.show('a')).types.map(({ id }) => id)).toEqual(['cut']);
    expect(noted.map(({ object, status, caller }) => [object, status, caller])).toEqual([
      [`/v1/images/a/${digest}`, 200, 'ecr'],
      [`/v1/images/b/${digest}`, 200, 'ecr'],
    ]);
    expect(told[0]).toEqual({
      type: 'Fanfold Image Accepted',
      detail: { pool: 'a', repository: 'fanfold/video', tag: 'stable', digest },
    });
  });

  const bad: readonly [string, Parameters<typeof world>[0], RegExp][] = [
    [
      'with labels that mean nothing',
      { labels: { 'dev.fanfold.task.cut': '{}' } },
      /nothing to do/,
    ],
    [
      'that asks for more than its pool has',
      { labels: { 'dev.fanfold.task.cut': '{run: x, resources: {cpu: 8}}' } },
      /8/,
    ],
    ['that is none', { why: 'the manifest is none' }, /the manifest is none/],
  ];
  test.each(bad)(
    '%s is rejected: its pool goes on as before, and why is kept, noted and told',
    async (_, labels, why) => {
      const { acts, images, done, noted, told } = world(labels);
      const given = { image, pools: [watched('a')], facts: { a: { capacity } } };
      const [outcome] = await takePush(acts, given);
      expect(outcome).toMatchObject({
        state: 'rejected',
        revised: false,
        why: expect.stringMatching(why),
      });
      expect(done).toEqual(['register a']);
      expect((await images.show('a')).last).toMatchObject({
        digest,
        state: 'rejected',
        why: outcome?.why,
      });
      expect(noted.map(({ status }) => status)).toEqual([422]);
      expect(told).toEqual([
        {
          type: 'Fanfold Image Rejected',
          detail: expect.objectContaining({ pool: 'a', why: outcome?.why }),
        },
      ]);
    },
  );

  test('of no pool is not even looked at', async () => {
    const { acts, done } = world({ why: 'never asked' });
    const labels = () => Promise.reject(new Error('asked'));
    expect(await takePush({ ...acts, labels }, { image, pools: [], facts: {} })).toEqual([]);
    expect(done).toEqual([]);
  });
});
