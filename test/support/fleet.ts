import { memoryProvisioner, PoolStore } from '../../src/adapters/memory/provisioner.ts';
import { memoryPorts, memorySystem } from '../../src/adapters/memory/system.ts';
import type { CapacitySettings } from '../../src/core/capacity.ts';
import type { Decider } from '../../src/engine/advance.ts';
import { createDecider } from '../../src/engine/create-engine.ts';
import { asData, type CountsRow, type HeldRow, heartbeatKey } from '../../src/engine/items.ts';
import { type Scaled, scale } from '../../src/engine/scale.ts';
import { scaleQueue } from '../../src/engine/scale-ticks.ts';
import { defaultSettings } from '../../src/engine/settings.ts';

/** Fargate's terms. */
export const fargate: CapacitySettings = {
  runnersMin: 0,
  runnersMax: 50,
  slots: 4,
  startUpMs: 40_000,
  acceptableMs: 10_000,
  serviceMsGuess: 5_000,
  launches: { burst: 100, perSecond: 20 },
  billedMsMin: 60_000,
  price: { runnerHour: 0.04, lateHour: 0.24 },
};

interface Runner {
  readonly id: string;
  readonly readyAt: number;
  readonly work: { readonly receipt: string; readonly began: number; readonly ends: number }[];
  ended: number;
  servedMs: number;
  beatAt: number;
}

export interface Second {
  readonly wanted: number;
  readonly running: number;
  readonly waiting: number;
  readonly held: number;
}

/**
 * A pool of runners that take messages, one task each, and say with heartbeats what they hold; around the engine's own
 * `scale`, called as its function is: by the messages that it sends itself, and once a minute. Time is simulated.
 */
export class Fleet {
  readonly decider: Decider;
  /** What was asked for, in order. */
  readonly asked: number[] = [];
  readonly scaled: Scaled[] = [];
  /** Messages that led to a call. */
  ticks = 0;
  #now = Date.UTC(2026, 0, 1);
  #ids = 0;
  readonly #settings: CapacitySettings;
  readonly #serviceMs: number;
  #runners: Runner[] = [];

  constructor(serviceMs: number, settings: Partial<CapacitySettings> = {}) {
    this.#serviceMs = serviceMs;
    this.#settings = { ...fargate, ...settings };
    const system = memorySystem({ now: () => this.#now, after: () => undefined });
    const ports = memoryPorts(system, {
      clock: { now: () => this.#now, sleep: async () => undefined },
      ids: { next: () => this.#id() },
      random: { next: () => 0.5 },
    });
    const there = () => this.#runners.filter(({ readyAt }) => readyAt <= this.#now).length;
    const pools = new PoolStore(there, (_, runners) => this.asked.push(runners));
    const provisioner = memoryProvisioner(pools);
    const own = { ...defaultSettings, shards: 2 };
    this.decider = createDecider({ ...ports, provisioner }, own).decider;
  }

  #id(): string {
    return `01JG${String(this.#ids++).padStart(22, '0')}`;
  }

  /** Tasks become ready, and whoever sends them says so. */
  async send(tasks: number): Promise<void> {
    const messages = Array.from({ length: tasks }, () => ({ queue: 'tasks-slow', body: {} }));
    await this.decider.ports.queue.send([...messages, { queue: scaleQueue, body: {} }]);
  }

  scale(tick?: string): Promise<Scaled> {
    return scale(this.decider, { slow: this.#settings }, tick);
  }

  /** Lets so many seconds pass; `at` may add to what happens in each. */
  async play(seconds: number, at?: (second: number) => Promise<void>): Promise<readonly Second[]> {
    const told: Second[] = [];
    for (let second = 0; second < seconds; second++) {
      await at?.(second);
      await this.#tick(second);
      await this.#size();
      for (const runner of this.#runners) await this.#work(runner);
      const { waiting } = await this.decider.ports.queue.depth('tasks-slow');
      told.push({
        wanted: this.asked.at(-1) ?? 0,
        running: this.#runners.length,
        waiting,
        held: this.#runners.reduce((sum, { work }) => sum + work.length, 0),
      });
      this.#now += 1000;
    }
    return told;
  }

  async #tick(second: number): Promise<void> {
    const { queue } = this.decider.ports;
    const options = { queues: [scaleQueue], max: 10, waitMs: 0, visibilityMs: 60_000 };
    for (const { body, receipt } of await queue.take(options)) {
      this.ticks++;
      this.scaled.push(await this.scale(body.tick as string | undefined));
      await queue.remove([receipt]);
    }
    if (second % 60 === 0) this.scaled.push(await this.scale());
  }

  /** Runners that are wanted start; of those that are not, the idle ones end. */
  async #size(): Promise<void> {
    const wanted = this.asked.at(-1) ?? 0;
    while (this.#runners.length < wanted) {
      const readyAt = this.#now + this.#settings.startUpMs;
      this.#runners.push({ id: this.#id(), readyAt, work: [], ended: 0, servedMs: 0, beatAt: 0 });
    }
    for (const runner of this.#runners.filter(({ work }) => work.length === 0)) {
      if (this.#runners.length <= wanted) break;
      this.#runners = this.#runners.filter((one) => one !== runner);
    }
  }

  async #work(runner: Runner): Promise<void> {
    const { queue } = this.decider.ports;
    const { work } = runner;
    for (const done of work.filter(({ ends }) => ends <= this.#now)) {
      work.splice(work.indexOf(done), 1);
      runner.ended++;
      runner.servedMs += this.#serviceMs;
      await queue.remove([done.receipt]);
    }
    const max = this.#settings.slots - work.length;
    if (runner.readyAt <= this.#now && max > 0) {
      const options = { queues: ['tasks-slow'], max, waitMs: 0, visibilityMs: 3_600_000 };
      const [began, ends] = [this.#now, this.#now + this.#serviceMs];
      for (const { receipt } of await queue.take(options)) work.push({ receipt, began, ends });
    }
    const due = work.length > 0 ? this.#now - runner.beatAt >= 6_000 : runner.beatAt > 0;
    if (due) await this.#beat(runner);
  }

  /** One more when nothing is held; what is listed needs its message no more. */
  async #beat(runner: Runner): Promise<void> {
    const { table, queue } = this.decider.ports;
    const { id, work, ended, servedMs, readyAt } = runner;
    const counts: CountsRow = [readyAt, ended, servedMs, ended];
    const holds = work.map(({ began }, task): HeldRow => ['run', task, 1, began, null]);
    const at = this.#now;
    const { slots } = this.#settings;
    const data = asData({ at, leaseUntil: at + 20_000, pool: 'slow', slots, holds, counts });
    const key = heartbeatKey(this.decider.settings, id);
    await table.put({ ...key, version: at, data }, 'any');
    await queue.remove(work.map(({ receipt }) => receipt));
    runner.beatAt = work.length > 0 ? at : 0;
  }
}
