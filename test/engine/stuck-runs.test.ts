import { afterEach, expect, test } from '@jest/globals';
import { createStuckRuns } from '../../src/engine/stuck-runs.ts';
import { type Home, openHome, workflowOf } from '../support/home.ts';

let home: Home | undefined;
afterEach(async () => {
  await home?.close();
  home = undefined;
});

test('a run is news once, until it is stuck for another reason, or was well in between', () => {
  const runs = createStuckRuns();
  const found = [{ run: 'r', error: new Error('torn') }];
  expect(runs.note(found)).toEqual(found);
  expect(runs.note(found)).toEqual([]);
  expect(runs.why('r')).toBe('torn');
  expect(runs.note([{ run: 'r', error: 'worse' }])).toHaveLength(1);
  runs.forget('r');
  expect(runs.why('r')).toBeUndefined();
  expect(runs.note(found)).toEqual(found);
});

test('a run’s view says why it is stuck', async () => {
  home = openHome(() => ({}));
  const { run } = await home.engine.submit({ workflow: workflowOf([{ id: 'a' }]) });
  expect(await home.ended(run.id)).not.toHaveProperty('stuck');
  home.decider.stuck.note([{ run: run.id, error: new Error('a record means nothing') }]);
  expect((await home.engine.run(run.id)).stuck).toBe('a record means nothing');
});
