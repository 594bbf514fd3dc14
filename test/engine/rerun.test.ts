import { afterEach, expect, test } from '@jest/globals';
import { type Home, openHome, workflowOf } from '../support/home.ts';

let home: Home | undefined;
afterEach(async () => {
  await home?.close();
  home = undefined;
});

test('what was sent before a rerun and not claimed does not start after it', async () => {
  const ran: string[] = [];
  let free: () => void = () => undefined;
  const busy = new Promise<void>((resolve) => {
    free = resolve;
  });
  home = openHome(
    ({ task, attempt }) => {
      if (task === 'busy') return busy.then(() => ({}));
      ran.push(`${task}@${attempt}`);
      return {};
    },
    {},
    1,
  );
  const delivery = 'at-least-once' as const;
  await home.engine.submit({ workflow: workflowOf([{ id: 'busy' }]) });
  while (home.agent.held().length === 0) await home.ports.clock.sleep(5);
  const workflow = workflowOf([{ id: 'claimed' }, { id: 'unclaimed', delivery }]);
  const { run } = await home.engine.submit({ workflow });
  await home.ports.clock.sleep(50);
  await home.engine.control(run.id, { action: 'cancel' });
  await home.engine.control(run.id, { action: 'rerun' });
  free();
  expect((await home.ended(run.id)).state).toBe('succeeded');
  expect([...new Set(ran)].sort()).toEqual(['claimed@2', 'unclaimed@2']);
});
