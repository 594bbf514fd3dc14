import { join } from 'node:path';
import type { ExecutionSpec } from '../contract/execution.ts';
import type { Attempt } from './attempt.ts';
import { LauncherProcess } from './launcher-process.ts';
import { programOrder } from './program-order.ts';
import { RunTimes } from './run-times.ts';
import type { Shared } from './shared.ts';

/** Work that is to wait in a launcher, so that it does not run dry while results travel. */
const QUEUED_MS = 25;
/** When what runs has not ended for so long, what waits behind it is released. */
const STUCK_MS = 1000;

/** Runs programs by way of a few launchers, which are started when first needed and ended when long idle. */
export class Launchers {
  #shared: Shared;
  #file: string;
  #max: number;
  #launchers: LauncherProcess[] = [];
  #times = new WeakMap<ExecutionSpec, RunTimes>();
  #count = 0;
  #trimAt = 0;

  constructor(shared: Shared, file: string, max: number) {
    this.#shared = shared;
    this.#file = file;
    this.#max = max;
  }

  get size(): number {
    return this.#launchers.length;
  }

  /** Programs that run; those that wait in a launcher take no slot. */
  get running(): number {
    let running = 0;
    for (const launcher of this.#launchers) running += launcher.places;
    return running;
  }

  /** How many more of this kind may wait: none until half of them have begun, since many are claimed as easily as one. */
  waitable(spec: ExecutionSpec): number {
    const { known, highMs } = this.#timesOf(spec);
    if (!known) return 0;
    const behindEach = Math.floor(QUEUED_MS / Math.max(1, highMs));
    let all = 0;
    let free = 0;
    for (const { places, waiting } of this.#launchers) {
      all += places * behindEach;
      free += places * behindEach - waiting;
    }
    return free * 2 < all ? 0 : free;
  }

  /** `now`: whether or not others run. To be followed by `flush`. */
  start(attempt: Attempt, now: boolean): void {
    const order = programOrder(attempt, this.#shared.interpreters);
    const busy = now ? undefined : this.#shortestQueue();
    if (busy !== undefined) busy.queue(attempt, order);
    else this.#choose().start(attempt, order);
  }

  flush(): void {
    for (const launcher of this.#launchers) launcher.flush();
  }

  /** Asks for all that has not begun. */
  recall(): void {
    for (const launcher of this.#launchers) if (launcher.waiting > 0) launcher.recall();
  }

  /** Ends launchers that have been idle for `idleMs`; one that was idle for a second lets go of its spare folders. */
  tick(now: number, idleMs: number): void {
    for (const launcher of this.#launchers) if (launcher.isStuck(now, STUCK_MS)) launcher.recall();
    const idle = this.#launchers.filter((launcher) => launcher.attempts.size === 0);
    for (const launcher of idle) {
      if (now - launcher.idleSince >= idleMs) this.#end(launcher);
      else if (now - launcher.idleSince >= 1000 && launcher.idleSince > this.#trimAt)
        launcher.trim();
    }
    if (idle.length > 0) this.#trimAt = now - 1000;
  }

  async close(): Promise<void> {
    const launchers = this.#launchers;
    this.#launchers = [];
    await Promise.all(launchers.map((launcher) => launcher.close()));
  }

  #timesOf(spec: ExecutionSpec): RunTimes {
    const known = this.#times.get(spec);
    if (known !== undefined) return known;
    const times = new RunTimes(QUEUED_MS);
    this.#times.set(spec, times);
    return times;
  }

  #shortestQueue(): LauncherProcess | undefined {
    let best: LauncherProcess | undefined;
    for (const launcher of this.#launchers) {
      if (launcher.places === 0) continue;
      if (best === undefined || launcher.waiting < best.waiting) best = launcher;
    }
    return best;
  }

  #choose(): LauncherProcess {
    let best: LauncherProcess | undefined;
    for (const launcher of this.#launchers) {
      if (best === undefined || launcher.places < best.places) best = launcher;
    }
    const wanted = best === undefined || best.places > 0;
    return wanted && this.#launchers.length < this.#max ? this.#add() : (best as LauncherProcess);
  }

  #add(): LauncherProcess {
    const name = `l${this.#count++}`;
    const { env, logBytesMax, outputBytesMax } = this.#shared;
    const root = join(this.#shared.folder, name);
    const executor = this.#shared.token;
    const token = `${executor}.${name}`;
    const config = { root, executor, token, env, logBytesMax, outputBytesMax };
    const launcher = new LauncherProcess(
      this.#shared,
      this.#file,
      config,
      (spec) => this.#timesOf(spec),
      (gone) => {
        this.#launchers = this.#launchers.filter((other) => other !== gone);
      },
    );
    launcher.idleSince = this.#shared.clock.now();
    this.#launchers.push(launcher);
    return launcher;
  }

  #end(launcher: LauncherProcess): void {
    this.#launchers = this.#launchers.filter((other) => other !== launcher);
    launcher.close().catch(() => {});
  }
}
