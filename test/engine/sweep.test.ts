import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { ulid } from 'ulid';
import { systemHost } from '../../src/adapters/memory/host.ts';
import { memoryPorts, memorySystem } from '../../src/adapters/memory/system.ts';
import { createDecider } from '../../src/engine/create-engine.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import { submitMany } from '../../src/engine/submit.ts';
import { sweepRuns } from '../../src/engine/sweep.ts';
import { workflowOf } from '../support/home.ts';

/**
 * A visit puts off the next one, and so moves the run to the end of the very list that is walked: with more runs than
 * a page holds, a walk without end would never let a server start.
 */
test('a restart visits each open run once, however many there are', async () => {
  const count = 450;
  let now = Date.now();
  const clock = { now: () => ++now, sleep: async () => undefined };
  const ids = { next: () => ulid() };
  const ports = memoryPorts(memorySystem(systemHost), {
    clock,
    ids,
    random: { next: Math.random },
  });
  const settings = { ...defaultSettings, shards: 1 };
  const { decider, specs } = createDecider(ports, settings);
  const workflow = workflowOf([{ id: 'only' }]);
  const text = JSON.stringify(workflow);
  const hash = createHash('sha256').update(text).digest('hex');
  const canonical = () => ({ workflow, text, hash });
  const runs = Array.from({ length: count }, () => ({}));
  await submitMany({ ports, settings, specs, runs: decider.runs, canonical }, { workflow, runs });
  const indexed = async () =>
    (await ports.table.index('active', { partition: `${settings.namespace}/ACTIVE#0` })).items
      .length;
  while ((await indexed()) < count) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await sweepRuns(decider, true)).toMatchObject({
    visited: count,
    resent: count,
    stuck: [],
  });
});
