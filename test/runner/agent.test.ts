import { expect, test } from '@jest/globals';
import { ulid } from 'ulid';
import { systemHost } from '../../src/adapters/memory/host.ts';
import { memoryPorts, memorySystem } from '../../src/adapters/memory/system.ts';
import { asBody, type TaskMessage } from '../../src/contract/task-message.ts';
import { metaKey } from '../../src/engine/items.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import type { Taken } from '../../src/ports/queue.ts';
import { Unavailable } from '../../src/ports/table.ts';
import { Agent } from '../../src/runner/agent.ts';
import { fakeExecutor } from '../support/fake-executor.ts';
import { runId } from '../support/scene.ts';

const clock = {
  now: Date.now,
  sleep: (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

const messageOf = (id: string, notBefore: number): TaskMessage => ({
  spec: { run: { kind: 'command', argv: ['work'] } },
  workflow: 'w',
  delivery: 'claimed',
  always: false,
  sentAt: Date.now(),
  notBefore,
  notAfter: 0,
  runs: [runId],
  generations: [1],
  tasks: [[0, Number(id === 'late'), id, 1, {}]],
});

const takenOf = (message: TaskMessage, receipt: string): Taken => ({
  queue: 'tasks-default',
  body: asBody(message),
  receipt,
  receiveCount: 1,
  sentAt: message.sentAt,
});

test('what was taken beside a message that could not be put off is started', async () => {
  const ports = memoryPorts(memorySystem(systemHost), {
    clock,
    ids: { next: () => ulid() },
    random: { next: Math.random },
  });
  const data = { id: runId, state: 'running', generation: 1 };
  await ports.table.put({ ...metaKey('main', runId), version: 1, data }, 'absent');
  let takes = 0;
  const take = async (): Promise<Taken[]> => {
    if (++takes > 1) await clock.sleep(20);
    const late = messageOf('late', Date.now() + 3_600_000);
    return takes > 1 ? [] : [takenOf(messageOf('due', 0), '1'), takenOf(late, '2')];
  };
  const send = async (): Promise<void> => {
    throw new Unavailable('the queue answers nobody');
  };
  let onRun: (task: string) => void = () => undefined;
  const ran = new Promise<string>((resolve) => {
    onRun = resolve;
  });
  const failures: unknown[] = [];
  const agent = new Agent({ ...ports, queue: { ...ports.queue, take, send } }, defaultSettings, {
    id: ulid(),
    pool: 'default',
    slots: 2,
    lingerMs: 0,
    controlMs: 1_000,
    waitMs: 20,
    takeMax: 10,
    executor: fakeExecutor(({ task }) => {
      onRun(task);
      return {};
    }),
    failed: (error) => failures.push(error),
  });
  agent.start();
  expect(await ran).toBe('due');
  await agent.drain(0);
  expect(failures).toEqual([]);
});
