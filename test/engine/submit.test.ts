import { expect, test } from '@jest/globals';
import { systemHost } from '../../src/adapters/memory/host.ts';
import { memoryPorts, memorySystem } from '../../src/adapters/memory/system.ts';
import { systemClock, systemIds, systemRandom } from '../../src/adapters/system.ts';
import { acceptWorkflow } from '../../src/definition/accept.ts';
import { compileTiming } from '../../src/definition/timing.ts';
import { createDecider, createEngine } from '../../src/engine/create-engine.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import { type Put, Unavailable } from '../../src/ports/table.ts';
import { workflowOf } from '../support/home.ts';

/** An engine whose first `silences` submits are applied, and answered by silence. */
function engineInSilence(silences: number) {
  const caller = { clock: systemClock, ids: systemIds(), random: systemRandom };
  const ports = memoryPorts(memorySystem(systemHost), caller);
  let calls = 0;
  const putMany = async (puts: readonly Put[]) => {
    const results = await ports.table.putMany(puts);
    if (++calls <= silences) throw new Unavailable('no answer');
    return results;
  };
  const table = { ...ports.table, putMany };
  const { decider, specs } = createDecider({ ...ports, table }, defaultSettings);
  return createEngine(decider, specs, acceptWorkflow, async () => [], compileTiming);
}

const workflow = workflowOf([{ id: 'a' }]);

test('runs whose submit is answered by silence are accepted once', async () => {
  const engine = engineInSilence(2);
  const { ids } = await engine.submitMany({ workflow, runs: [{}, {}, {}] });
  const { items } = await engine.runs({});
  expect(items.map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect(ids).toHaveLength(3);
});

test('a table that goes on to be silent is told', async () => {
  await expect(engineInSilence(9).submit({ workflow })).rejects.toThrow(Unavailable);
});
