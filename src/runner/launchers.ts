import { join } from 'node:path';
import type { Attempt } from './attempt.ts';
import { LauncherProcess } from './launcher-process.ts';
import { programOrder } from './program-order.ts';
import type { Shared } from './shared.ts';

/** Runs programs by way of a few launchers, which are started when first needed and ended when long idle. */
export class Launchers {
  #shared: Shared;
  #file: string;
  #max: number;
  #launchers: LauncherProcess[] = [];
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

  get running(): number {
    let running = 0;
    for (const launcher of this.#launchers) running += launcher.attempts.size;
    return running;
  }

  /** To be followed by `flush`. */
  start(attempt: Attempt): void {
    this.#choose().start(attempt, programOrder(attempt, this.#shared.interpreters));
  }

  flush(): void {
    for (const launcher of this.#launchers) launcher.flush();
  }

  /** Ends launchers that have been idle for `idleMs`; one that was idle for a second lets go of its spare folders. */
  tick(now: number, idleMs: number): void {
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

  #choose(): LauncherProcess {
    let best: LauncherProcess | undefined;
    for (const launcher of this.#launchers) {
      if (best === undefined || launcher.attempts.size < best.attempts.size) best = launcher;
    }
    const wanted = best === undefined || best.attempts.size > 0;
    return wanted && this.#launchers.length < this.#max ? this.#add() : (best as LauncherProcess);
  }

  #add(): LauncherProcess {
    const name = `l${this.#count++}`;
    const { env, logBytesMax, outputBytesMax } = this.#shared;
    const root = join(this.#shared.folder, name);
    const executor = this.#shared.token;
    const token = `${executor}.${name}`;
    const config = { root, executor, token, env, logBytesMax, outputBytesMax };
    const launcher = new LauncherProcess(this.#shared, this.#file, config, (gone) => {
      this.#launchers = this.#launchers.filter((other) => other !== gone);
    });
    launcher.idleSince = this.#shared.clock.now();
    this.#launchers.push(launcher);
    return launcher;
  }

  #end(launcher: LauncherProcess): void {
    this.#launchers = this.#launchers.filter((other) => other !== launcher);
    launcher.close().catch(() => {});
  }
}
