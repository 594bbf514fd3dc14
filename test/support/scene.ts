import { createHash } from 'node:crypto';
import { memoryPorts, memorySystem } from '../../src/adapters/memory/system.ts';
import type { Report } from '../../src/contract/happening.ts';
import type { JsonObject } from '../../src/contract/json.ts';
import { fromBody } from '../../src/contract/task-message.ts';
import type { Task } from '../../src/contract/workflow.ts';
import type { Decider } from '../../src/engine/advance.ts';
import { createArchive } from '../../src/engine/archive.ts';
import { createDecider } from '../../src/engine/create-engine.ts';
import { fanOut } from '../../src/engine/fan-out.ts';
import { asData, heartbeatKey, packSort, runPartition } from '../../src/engine/items.ts';
import { defaultSettings, type EngineSettings } from '../../src/engine/settings.ts';
import type { Specs } from '../../src/engine/specs.ts';
import { type Canonical, submit } from '../../src/engine/submit.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { Item } from '../../src/ports/table.ts';

export const runId = '01JG0000000000000000000000';
export const runnerA = '01JGA000000000000000000000';
export const runnerB = '01JGB000000000000000000000';
export const workOf = (id: string, more: Partial<Task> = {}): Task => ({
  id,
  run: { kind: 'command', argv: ['work'] },
  ...more,
});

export const canonical: Canonical = (workflow) => {
  const text = JSON.stringify(workflow);
  return { workflow, text, hash: createHash('sha256').update(text).digest('hex') };
};

/** An engine whose every step a test takes by hand: what the feed would bring waits until it is handed over. */
export interface Scene {
  readonly ports: Ports;
  readonly settings: EngineSettings;
  /** Another process's decider, over the same table. */
  decider(ports?: Ports): { readonly decider: Decider; readonly specs: Specs };
  readonly own: Decider;
  readonly specs: Specs;
  /** Time passes. */
  pass(ms: number): void;
  submit(tasks: readonly Task[]): Promise<void>;
  /** What was inserted since, for the feed. */
  inserted(): Item[];
  /** Hands over what was inserted since, and what that leads to. */
  fold(): Promise<void>;
  /** Takes all messages away: the attempts in them, such as `a@1`. */
  drain(): Promise<string[]>;
  report(...reports: readonly Partial<Report>[]): Promise<void>;
  beat(runner: string, holds: readonly (readonly [task: number, attempt: number])[]): Promise<void>;
  state(): Promise<string | undefined>;
}

export function openScene(more: Partial<EngineSettings> = {}): Scene {
  let now = Date.UTC(2026, 0, 1);
  const pass = (ms: number): void => {
    now += ms;
  };
  let ids = 0;
  let packs = 0;
  const system = memorySystem({ now: () => now, after: () => undefined });
  const inserts: Item[] = [];
  system.table.onChange((after, before) => {
    if (after && !before) inserts.push(after);
  });
  const ports = memoryPorts(system, {
    clock: { now: () => now, sleep: async (ms) => pass(ms) },
    ids: { next: () => `01JG${String(ids++).padStart(22, '0')}` },
    random: { next: () => 0.5 },
  });
  const settings = { ...defaultSettings, soleDecider: false, shards: 1, ...more };
  const decider = (through = ports) => createDecider(through, settings);
  const mine = decider();
  const partition = runPartition(settings.namespace, runId);
  const scene: Scene = {
    ports,
    settings,
    decider,
    own: mine.decider,
    specs: mine.specs,
    pass,
    async submit(tasks) {
      const { decider: own, specs } = mine;
      const archive = createArchive(own, specs);
      const submitter = { ports, settings, specs, runs: own.runs, canonical, archive };
      await submit(submitter, { id: runId, workflow: { name: 'w', tasks: [...tasks] }, input: {} });
    },
    inserted: () => inserts.splice(0),
    async fold() {
      for (let items = scene.inserted(); items.length > 0; items = scene.inserted())
        await fanOut(mine.decider, items.filter(isHappening));
    },
    async drain() {
      const options = { queues: ['tasks-default'], max: 1000, waitMs: 0, visibilityMs: 1000 };
      const taken = await ports.queue.take(options);
      await ports.queue.remove(taken.map(({ receipt }) => receipt));
      const rows = taken.flatMap(({ body }) => fromBody(body).tasks);
      return rows.map(([, , id, attempt]) => `${id}@${attempt}`).sort();
    },
    async report(...reports) {
      const rows = reports.map((report) => ({
        attempt: 1,
        outcome: 'succeeded',
        startedAt: now,
        endedAt: now,
        ...report,
      }));
      const sort = packSort('PACK#', runnerA, packs++);
      const data = { owner: runnerA, reports: rows as unknown as JsonObject[] };
      await ports.table.put({ partition, sort, version: 1, data }, 'absent');
    },
    async beat(runner, holds) {
      const rows = holds.map(([task, attempt]) => [runId, task, attempt, now, null]);
      const leaseUntil = now + settings.leaseMs;
      const data = asData({ at: now, leaseUntil, pool: 'default', slots: 8, holds: rows });
      await ports.table.put({ ...heartbeatKey(settings, runner), version: now, data }, 'any');
    },
    async state() {
      const item = await ports.table.get({ partition, sort: 'META' });
      return item?.data.state as string | undefined;
    },
  };
  return scene;
}

const isHappening = ({ sort }: Item): boolean =>
  /^(META|PACK#|MIX#|CONTROL#|SPAWN#|LOST#)/.test(sort);
