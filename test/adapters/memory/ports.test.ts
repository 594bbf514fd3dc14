import { type Gate, openGate } from '../../../src/adapters/memory/gate.ts';
import { type Host, systemHost } from '../../../src/adapters/memory/host.ts';
import { memoryProvisioner, PoolStore } from '../../../src/adapters/memory/provisioner.ts';
import {
  type MemorySystem,
  memoryPorts,
  memorySystem,
} from '../../../src/adapters/memory/system.ts';
import type { Ports } from '../../../src/ports/ports.ts';
import { testBlobs } from '../../ports/blobs.suite.ts';
import { testFeed } from '../../ports/feed.suite.ts';
import { testLogSink } from '../../ports/log-sink.suite.ts';
import { testProvisioner } from '../../ports/provisioner.suite.ts';
import { testQueue } from '../../ports/queue.suite.ts';
import { testTable } from '../../ports/table.suite.ts';
import { ManualClock } from '../embedded/manual-clock.ts';

const settle = async (): Promise<void> => undefined;

function portsTo(system: MemorySystem, gate?: Gate): Ports {
  const clock = { now: () => system.host.now(), sleep: settle };
  const caller = { clock, ids: { next: () => '' }, random: { next: () => 0.5 } };
  return memoryPorts(system, gate ? { ...caller, gate } : caller);
}

testTable('the memory table', async () => ({
  table: portsTo(memorySystem(systemHost)).table,
  settle,
}));

testFeed('the memory feed', async () => {
  const { table, feed } = portsTo(memorySystem(systemHost));
  return { table, feed, settle };
});

/** A queue's time passes when it is told to, for those who wait at it too. */
testQueue('the memory queue', async () => {
  const clock = new ManualClock();
  const host: Host = {
    now: () => clock.now(),
    after: (ms, call) => void (ms > 0 ? clock.sleep(ms).then(call) : setImmediate(call)),
  };
  const gate: Gate = {
    ...openGate,
    wait: (ms, listen) =>
      new Promise((resolve) => {
        let stop = (): void => undefined;
        stop = listen(() => {
          stop();
          resolve();
        });
        void clock.sleep(ms).then(resolve);
      }),
  };
  const { queue } = portsTo(memorySystem(host), gate);
  return { queue, receivesMax: 5, wait: (ms) => clock.pass(ms) };
});

testBlobs('the memory blobs', async () => ({ blobs: portsTo(memorySystem(systemHost)).blobs }));

testLogSink('the memory log sink', async () => ({
  logs: portsTo(memorySystem(systemHost)).logs,
  settle,
}));

testProvisioner('the memory provisioner', async () => {
  const provisioner = memoryProvisioner(new PoolStore(undefined, undefined, 9));
  return { provisioner, pool: 'default', cap: 9 };
});
