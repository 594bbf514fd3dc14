import type { AttemptResult, ExecutorEvents, Start } from '../contract/execution.ts';
import type { Attempt } from './attempt.ts';
import type { LogPump } from './log-pump.ts';

const BEAT_MS = 1000;

/** Gathers what the agent is to be told, and tells it in batches, never from within a call of the agent's. */
export class Outbox {
  #events: ExecutorEvents;
  #logs: LogPump;
  #results: AttemptResult[] = [];
  /** Of attempts that printed something. */
  #printed: AttemptResult[] = [];
  #printedSlots = 0;
  #untoldSlots = 0;
  /** Resolves when all ends so far were told. */
  #telling: Promise<void> = Promise.resolve();
  #started: Start[] = [];
  #beating = new Set<Attempt>();
  #spawning = new Set<Attempt>();
  #due = false;

  constructor(events: ExecutorEvents, logs: LogPump) {
    this.#events = events;
    this.#logs = logs;
  }

  /** `slots`: how many it holds until its end is told, so that nobody takes them from what may follow it. */
  ended(attempt: Attempt, result: AttemptResult, slots = 0): void {
    if (attempt.logBytes > 0) {
      this.#printed.push(result);
      this.#printedSlots += slots;
    } else this.#results.push(result);
    if (attempt.pulse !== undefined) this.#beating.delete(attempt);
    if (attempt.spawns !== undefined) this.#spawning.delete(attempt);
  }

  /** Held by attempts whose ends are not told yet. */
  get slots(): number {
    return this.#printedSlots + this.#untoldSlots;
  }

  started(attempt: Attempt): void {
    if (attempt.toldStart) return;
    attempt.toldStart = true;
    this.#started.push({ key: attempt.execution.key, at: attempt.startedAt });
  }

  beat(attempt: Attempt): void {
    this.#beating.add(attempt);
  }

  spawned(attempt: Attempt): void {
    this.#spawning.add(attempt);
  }

  /** Tells that there may be more room. To be called from a timer or an event, never within a call of the agent's. */
  roomier(): void {
    this.#events.roomier?.();
  }

  /** Tells all at the next turn. */
  later(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.flush();
    });
  }

  /** Tells starts and ends; the end of an attempt that printed something once what it printed can be read. */
  flush(): void {
    if (this.#started.length > 0) {
      const starts = this.#started;
      this.#started = [];
      this.#events.started(starts);
    }
    if (this.#printed.length > 0) {
      const [results, slots] = [this.#printed, this.#printedSlots];
      this.#printed = [];
      this.#printedSlots = 0;
      this.#untoldSlots += slots;
      const told = this.#logs.sink().then(() => {
        this.#untoldSlots -= slots;
        this.#events.ended(results);
      });
      this.#telling = Promise.all([this.#telling, told]).then(() => undefined);
    }
    if (this.#results.length === 0) return;
    const results = this.#results;
    this.#results = [];
    this.#events.ended(results);
  }

  /** Tells all, and resolves when that was done. */
  told(): Promise<void> {
    this.flush();
    return this.#telling;
  }

  /** To be called a few times a second: tells requests for sub-tasks, and each attempt's beat at most once a second. */
  flushSlow(now: number): void {
    for (const attempt of this.#spawning) {
      const requests = attempt.spawns ?? [];
      attempt.spawns = undefined;
      if (requests.length > 0) this.#events.spawned(attempt.execution.key, requests);
    }
    this.#spawning.clear();
    if (this.#beating.size > 0) this.#flushBeats(now);
  }

  #flushBeats(now: number): void {
    const beats = [];
    for (const attempt of this.#beating) {
      const { pulse } = attempt;
      if (pulse === undefined || now - pulse.toldAt < BEAT_MS) continue;
      pulse.toldAt = now;
      const { toldAt: _, ...told } = pulse;
      beats.push({ key: attempt.execution.key, ...told });
      this.#beating.delete(attempt);
    }
    if (beats.length > 0) this.#events.beats(beats);
  }
}
