import { afterEach, expect, test } from '@jest/globals';
import { type Home, openHome, workflowOf } from '../support/home.ts';

let home: Home | undefined;
afterEach(async () => {
  await home?.close();
  home = undefined;
});

test('a control that is asked for again under its key is asked for once', async () => {
  home = openHome(() => ({}));
  const { run } = await home.engine.submit({ workflow: workflowOf([{ id: 'a' }]) });
  await home.ended(run.id);
  for (let times = 0; times < 3; times++) {
    await home.engine.control(run.id, { action: 'rerun', tasks: ['a'] }, 'once');
    await home.ended(run.id);
  }
  expect((await home.engine.run(run.id)).generation).toBe(2);
  await home.engine.control(run.id, { action: 'rerun', tasks: ['a'] }, 'another');
  expect((await home.ended(run.id)).generation).toBe(3);
  const other = home.engine.control(run.id, { action: 'cancel' }, 'once');
  await expect(other).rejects.toMatchObject({ code: 'key-reused' });
});

test('what is spawned again after a rerun is told apart from what was spawned before', async () => {
  const ran: string[] = [];
  home = openHome(({ task, attempt }) => {
    ran.push(`${task}@${attempt}`);
    return task === 'root' ? { spawns: [{ key: 'x' }] } : {};
  });
  const { run } = await home.engine.submit({ workflow: workflowOf([{ id: 'root' }]) });
  await home.ended(run.id);
  await home.engine.control(run.id, { action: 'rerun', tasks: ['root'] });
  await home.ended(run.id);
  expect(ran).toEqual(['root@1', 'root/x@1', 'root@2', 'root/x@2']);
  const shown = await home.engine.task(run.id, 'root/x');
  expect(shown).toMatchObject({ attempt: 2, attempts: [{ attempt: 2 }] });
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
