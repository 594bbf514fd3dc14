import { join } from 'node:path';
import type { ExecutionSpec } from '../contract/execution.ts';
import type { Attempt } from './attempt.ts';
import type { ProcessFiles } from './process-files.ts';
import type { Shared } from './shared.ts';
import { WarmProcess } from './warm-process.ts';
import { type WarmSpec, warmSpecOf } from './warm-spec.ts';

/** With less work than this in the emptiest process, no other is started. */
const CROWDED_MS = 2;

/** Warm processes, in groups of those that can stand in for each other. */
export class WarmPool {
  #shared: Shared;
  #files: ProcessFiles;
  /** Processes of one group. */
  #max: number;
  #slots: number;
  #groups = new Map<string, WarmProcess[]>();
  #specs = new WeakMap<ExecutionSpec, WarmSpec | false>();
  #touched = new Set<WarmProcess>();
  #count = 0;

  constructor(shared: Shared, files: ProcessFiles, max: number, slots: number) {
    this.#shared = shared;
    this.#files = files;
    this.#max = max;
    this.#slots = slots;
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

  /** Processes that have work. */
  get busy(): number {
    let busy = 0;
    for (const process of this.#all()) if (process.calls.size > 0) busy += 1;
    return busy;
  }

  /** How many more calls would not wait for long, when `free` more processes may become busy. */
  room(warm: WarmSpec, free: number): number {
    let room = 0;
    let usable = 0;
    let left = free;
    for (const process of this.#groups.get(warm.key) ?? []) {
      if (process.retiring) continue;
      usable += 1;
      if (process.calls.size === 0 && left-- <= 0) continue;
      room += roomIn(process, warm);
    }
    return room + Math.max(0, Math.min(left, this.#max - usable)) * warm.concurrency;
  }

  /** To be followed by `flush`. */
  start(attempt: Attempt, warm: WarmSpec, now: number): void {
    const max = attempt.root === attempt ? this.#max : this.#slots;
    const process = this.#choose(warm, max);
    process.call(attempt, Math.min(warm.costMs, 1000), now);
    this.#touched.add(process);
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
    const { spec, language, concurrency } = warm;
    const name = `w${this.#count++}`;
    const command = {
      argv: [
        interpreters[language],
        this.#files[language],
        String(concurrency),
        String(outputBytesMax),
      ],
      cwd: spec.code?.folder,
      env: { ...env, ...spec.env },
      folder: join(folder, name),
      token: `${token}.${name}`,
    };
    const process = new WarmProcess(
      this.#shared,
      command,
      concurrency,
      (key) => this.specOf(key),
      (gone) => this.#remove(warm.key, gone, command.token),
    );
    if (process.pid !== undefined) this.#shared.guard.add(process.pid);
    const group = this.#groups.get(warm.key);
    if (group === undefined) this.#groups.set(warm.key, [process]);
    else group.push(process);
    return process;
  }

  /** Ends an idle process where there are many. */
  #makeWay(): void {
    const all = [...this.#all()];
    if (all.length < 2 * this.#slots) return;
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

/** How many more calls a process takes: those it can run now, and if they are short, some that wait. */
function roomIn(process: WarmProcess, warm: WarmSpec): number {
  const now = warm.concurrency - process.calls.size;
  if (!process.ready) return Math.max(0, now);
  return Math.max(0, now + warm.prefetch(process.queuedMs));
}
