import { createHash } from 'node:crypto';
import { ulid } from 'ulid';
import { systemHost } from '../../src/adapters/memory/host.ts';
import { memoryPorts, memorySystem } from '../../src/adapters/memory/system.ts';
import type { RunView } from '../../src/contract/api.ts';
import { isEnded } from '../../src/contract/state.ts';
import type { Task, Workflow } from '../../src/contract/workflow.ts';
import { compileTiming } from '../../src/definition/timing.ts';
import type { Decider } from '../../src/engine/advance.ts';
import { createDecider, createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { fanOut } from '../../src/engine/fan-out.ts';
import { feedPrefixes } from '../../src/engine/items.ts';
import { defaultSettings, type EngineSettings } from '../../src/engine/settings.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { Item } from '../../src/ports/table.ts';
import { Agent } from '../../src/runner/agent.ts';
import { type Behaviour, fakeExecutor } from './fake-executor.ts';

export interface Home {
  readonly engine: Engine;
  readonly agent: Agent;
  readonly runner: string;
  readonly ports: Ports;
  readonly errors: unknown[];
  readonly decider: Decider;
  /** The run's view once it has ended. */
  ended(id: string): Promise<RunView>;
  close(): Promise<void>;
}

const stable = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(stable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, stable(inner)]));
};

/** The engine and one runner in memory, with attempts that end as `behaviour` says. */
export function openHome(
  behaviour: Behaviour,
  settings: Partial<EngineSettings> = {},
  slots = 1000,
  feedLoses: (item: Item) => boolean = () => false,
  /** How far the clock of the engine is ahead, in ms; may change. */
  ahead: () => number = () => 0,
  gatherMs = 0,
): Home {
  const all = { ...defaultSettings, ...settings };
  const system = memorySystem({ ...systemHost, now: () => Date.now() + ahead() });
  const ids = { next: () => ulid() };
  const clock = {
    now: () => Date.now() + ahead(),
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        if (signal?.aborted) return resolve();
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
  const ports = memoryPorts(system, { clock, ids, random: { next: Math.random } });
  const { decider, specs } = createDecider(ports, all);
  const errors: unknown[] = [];
  const stop = ports.feed.subscribe(feedPrefixes, async (items) => {
    for (const { error } of await fanOut(
      decider,
      items.filter((item) => !feedLoses(item)),
    ))
      errors.push(error);
  });
  const runner = ulid();
  const agent = new Agent(ports, all, {
    id: runner,
    pool: 'default',
    slots,
    lingerMs: 0,
    controlMs: 20,
    gatherMs,
    waitMs: 50,
    takeMax: 100,
    executor: fakeExecutor(behaviour, slots),
    failed: (error) => errors.push(error),
  });
  agent.start();
  const engine = createEngine(
    decider,
    specs,
    (workflow) => {
      const text = JSON.stringify(stable(workflow));
      return { workflow, text, hash: createHash('sha256').update(text).digest('hex') };
    },
    async (run) =>
      agent
        .held()
        .filter((held) => held.run === run && held.started)
        .map(({ task, attempt, since }) => ({ task, attempt, since })),
    compileTiming,
  );
  return {
    engine,
    agent,
    runner,
    ports,
    errors,
    decider,
    async ended(id) {
      for (;;) {
        const view = await engine.run(id);
        if (isEnded(view.state)) return view;
        if (errors.length > 0) throw errors[0];
        await clock.sleep(5);
      }
    },
    async close() {
      await agent.close();
      await stop();
    },
  };
}

export const workflowOf = (
  tasks: readonly Partial<Task>[],
  more: Partial<Workflow> = {},
): Workflow => ({
  name: 'test',
  ...more,
  tasks: tasks
    .map((task, i): Task => ({ id: `t${i}`, run: { kind: 'command', argv: ['true'] }, ...task }))
    .sort((a, b) => (a.id < b.id ? -1 : 1)),
});
