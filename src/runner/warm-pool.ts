import { join } from 'node:path';
import type { ExecutionSpec } from '../contract/execution.ts';
import type { Attempt } from './attempt.ts';
import { folderOf } from './code-folder.ts';
import { harnessArgv } from './harness-command.ts';
import type { ProcessFiles } from './process-files.ts';
import type { Shared } from './shared.ts';
import { WarmProcess } from './warm-process.ts';
import { type WarmSpec, warmSpecOf } from './warm-spec.ts';

/** With less work than this in the emptiest process, no other is started. */
const CROWDED_MS = 2;

export interface WarmLimits {
  /** Processes of one group. */
  readonly max: number;
  /** The same, for calls that were seen to be long. */
  readonly longMax: number;
  readonly slots: number;
}

/** Warm processes, in groups of those that can stand in for each other. */
export class WarmPool {
  #shared: Shared;
  #files: ProcessFiles;
  #limits: WarmLimits;
  #groups = new Map<string, WarmProcess[]>();
  #specs = new WeakMap<ExecutionSpec, WarmSpec | false>();
  #touched = new Set<WarmProcess>();
  #count = 0;

  constructor(shared: Shared, files: ProcessFiles, limits: WarmLimits) {
    this.#shared = shared;
    this.#files = files;
    this.#limits = limits;
  }

  /** Undefined for what is not run warm. */
  specOf(spec: ExecutionSpec): WarmSpec | undefined {
    const known = this.#specs.get(spec);
    if (known !== undefined) return known === false ? undefined : known;
    const made = warmSpecOf(spec);
    this.#specs.set(spec, made ?? false);
    return made;
  }

  get size(): number {
    return this.#groups.size;
  }

  /** Calls that run; those that wait in a process take no slot. */
  get running(): number {
    let running = 0;
    for (const process of this.#all()) running += process.running;
    return running;
  }

  /** How many more calls would not wait for long, when `free` more may run. */
  room(warm: WarmSpec, free: number): number {
    let room = 0;
    let usable = 0;
    let left = free;
    for (const process of this.#groups.get(warm.key) ?? []) {
      if (process.retiring) continue;
      usable += 1;
      const idle = process.concurrency - process.running;
      const now = Math.min(idle, left);
      left -= now;
      // What is sent beyond that would run at once, and take slots, unless the process has its fill.
      room += now < idle ? now : Math.max(0, now + this.#prefetch(process, warm));
    }
    return room + Math.min(left, this.#addable(warm, usable) * warm.concurrency);
  }

  /** How many of so many calls would run at once. */
  begins(warm: WarmSpec, calls: number): number {
    let begins = 0;
    let usable = 0;
    for (const process of this.#groups.get(warm.key) ?? []) {
      if (process.retiring) continue;
      usable += 1;
      begins += process.concurrency - process.running;
    }
    return Math.min(calls, begins + this.#addable(warm, usable) * warm.concurrency);
  }

  /** How many processes may be added: for calls that mostly wait, more than there are cores. */
  #addable(warm: WarmSpec, usable: number): number {
    const { max, longMax } = this.#limits;
    return Math.max(0, (warm.isLong ? longMax : max) - usable);
  }

  /** How many calls may wait in a process beside those that wait there. */
  #prefetch(process: WarmProcess, warm: WarmSpec): number {
    if (!process.ready) return 0;
    const waiting = Math.max(0, process.calls.size - process.concurrency);
    return warm.prefetch(process.queuedMs) - waiting;
  }

  /** To be followed by `flush`. */
  start(attempt: Attempt, warm: WarmSpec, now: number): void {
    const { max, longMax, slots } = this.#limits;
    if (warm.stamp !== undefined) this.#retireOld(warm, warm.stamp.at(now));
    const processes = warm.isLong ? longMax : max;
    const process = this.#choose(warm, attempt.root === attempt ? processes : slots);
    process.call(attempt, Math.min(warm.costMs, 1000), now);
    this.#touched.add(process);
  }

  /** Those whose program was built anew get no more calls. */
  #retireOld(warm: WarmSpec, stamp: number): void {
    for (const process of this.#groups.get(warm.key) ?? [])
      if (process.stamp !== stamp) process.retire();
  }

  flush(): void {
    for (const process of this.#touched) process.flush();
    this.#touched.clear();
  }

  /** Asks for all that has not begun. */
  recall(): void {
    for (const process of this.#all()) {
      if (process.calls.size > process.concurrency) process.recall();
    }
  }

  tick(now: number, idleMs: number, check: (attempt: Attempt, now: number) => void): void {
    for (const process of this.#all()) {
      if (process.calls.size > 0) process.tick(now, check);
      else if (now - process.idleSince >= idleMs) process.kill();
    }
  }

  /** Kills all processes, and resolves when they are gone. */
  async close(): Promise<void> {
    await Promise.all([...this.#all()].map((process) => process.close()));
  }

  *#all(): Iterable<WarmProcess> {
    for (const group of this.#groups.values()) yield* group;
  }

  #choose(warm: WarmSpec, max: number): WarmProcess {
    let best: WarmProcess | undefined;
    let least = Number.POSITIVE_INFINITY;
    let usable = 0;
    for (const process of this.#groups.get(warm.key) ?? []) {
      if (process.retiring) continue;
      usable += 1;
      const load = process.ready ? process.calls.size : process.calls.size * 1000 + 1;
      if (load >= least) continue;
      best = process;
      least = load;
    }
    if (best === undefined) return this.#add(warm);
    const easy = best.ready && best.queuedMs < CROWDED_MS;
    const enough = best.calls.size < warm.concurrency || easy || usable >= max;
    return enough ? best : this.#add(warm);
  }

  #add(warm: WarmSpec): WarmProcess {
    this.#makeWay();
    const { interpreters, env, folder, token, outputBytesMax } = this.#shared;
    const { spec, run, concurrency } = warm;
    const name = `w${this.#count++}`;
    const command = {
      argv: [
        ...harnessArgv(spec, run, interpreters, this.#files),
        String(concurrency),
        String(outputBytesMax),
      ],
      cwd: folderOf(spec),
      env: { ...env, ...spec.env },
      folder: join(folder, name),
      token: `${token}.${name}`,
      isOwnHarness: run.language === 'binary',
    };
    const process = new WarmProcess(
      this.#shared,
      command,
      concurrency,
      (key) => this.specOf(key),
      (gone) => this.#remove(warm.key, gone, command.token),
    );
    process.stamp = warm.stamp?.at(this.#shared.clock.now()) ?? 0;
    if (process.pid !== undefined) this.#shared.guard.add(process.pid);
    const group = this.#groups.get(warm.key);
    if (group === undefined) this.#groups.set(warm.key, [process]);
    else group.push(process);
    return process;
  }

  /** Ends an idle process where there are many. */
  #makeWay(): void {
    const all = [...this.#all()];
    if (all.length < 2 * this.#limits.slots) return;
    const idle = all.filter((process) => process.calls.size === 0 && !process.retiring);
    idle.sort((a, b) => a.idleSince - b.idleSince)[0]?.kill();
  }

  #remove(key: string, gone: WarmProcess, token: string): void {
    const left = (this.#groups.get(key) ?? []).filter((process) => process !== gone);
    if (left.length === 0) this.#groups.delete(key);
    else this.#groups.set(key, left);
    this.#touched.delete(gone);
    if (gone.pid !== undefined) this.#shared.guard.delete(gone.pid);
    this.#shared.sweeper.add(token);
  }
}
