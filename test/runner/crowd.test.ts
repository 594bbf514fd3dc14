import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { node, openRig, processesWith, python, type Rig, shell, until } from './rig.ts';

/**
 * Goal: an attempt that has too many processes ends with that reason, and no other one does.
 * Method: attempts that start more than are allowed, in their process group and out of it, beside one that waits.
 */
let rig: Rig;
beforeAll(() => {
  rig = openRig({ slots: 4, warmProcesses: 2, processesMax: 60 });
});
afterAll(() => rig.close());

const sleeper = 'sleep 3217';
test.each([
  ['a program', shell(`for i in $(seq 90); do ${sleeper} & done; wait`)],
  [
    'a program whose processes leave its group',
    shell(`for i in $(seq 90); do setsid ${sleeper} & done; wait`),
  ],
  [
    'a call in Node',
    node(`
    const { spawn } = process.getBuiltinModule('child_process');
    for (let i = 0; i < 90; i++) spawn('sleep', ['3217'], { stdio: 'ignore' });
    await new Promise(() => {});`),
  ],
  [
    'a call of many threads',
    python(`
import threading, time
for i in range(90):
    threading.Thread(target=time.sleep, args=(3217,), daemon=True).start()
time.sleep(3217)`),
  ],
])('%s that has too many processes ends, and no other one', async (_, run) => {
  const other = rig.start(shell('sleep 3218'));
  await until(() => rig.started.includes(other));
  const { outcome, error } = await rig.ended(rig.start(run));
  expect([outcome, error?.reason]).toEqual(['failed', 'processes']);
  expect(error?.message).toMatch(/^had \d+ processes and threads, and may have 60$/);
  await until(() => processesWith(sleeper.replace(' ', '\0')).length === 0);
  expect((await rig.run(shell('echo 1'))).output).toBe(1);
  expect(rig.results.some(({ key }) => key === other)).toBe(false);
  rig.executor.cancel([other]);
  await rig.ended(other);
});
