import type {
  AttemptResult,
  Beat,
  Execution,
  Executor,
  ExecutorEvents,
} from '../contract/execution.ts';
import type { RunState } from '../contract/state.ts';
import { asBody, fromBody } from '../contract/task-message.ts';
import { queueOf } from '../engine/dispatch.ts';
import { fromData, type Meta, metaKey } from '../engine/items.ts';
import { mayPass } from '../engine/passing.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { Ports } from '../ports/ports.ts';
import { delayMsMax, type Taken } from '../ports/queue.ts';
import { type Claims, createClaims } from './claims.ts';
import { followHeld, messageOf } from './follow.ts';
import { createHeartbeat, type Heartbeat } from './heartbeat.ts';
import type { Held } from './held.ts';
import { Intake } from './intake.ts';
import { type Claimed, meetClaimed } from './meet-claimed.ts';
import { createReports, type Reports } from './reports.ts';
import { Signal } from './signal.ts';

export interface AgentOptions {
  /** This runner's incarnation: a ULID, new at each start. */
  readonly id: string;
  readonly pool: string;
  readonly slots: number;
  /** How long reports may wait for company. */
  readonly lingerMs: number;
  /** How often the runs of what is held are asked whether they were cancelled. */
  readonly controlMs: number;
  /** How long an empty queue is waited at. */
  readonly waitMs: number;
  /** Messages to take in one go. */
  readonly takeMax: number;
  readonly executor: (events: ExecutorEvents) => Executor;
  /** States of runs, as strong as a read of the table. Default: that read. */
  readonly states?: RunStates;
  /** A bug of ours, or damage: something that the agent can't go on with. */
  readonly failed: (error: unknown) => void;
}

export type RunStates = (runs: readonly string[]) => Promise<ReadonlyMap<string, RunState | undefined>>;

/** Attempts to claim in one go. */
const claimMax = 2048;
const retryMs = 50;

type Needs = Pick<Ports, 'table' | 'queue' | 'blobs' | 'clock' | 'ids'>;

/**
 * A runner's agent: takes messages, claims attempts, has them run, reports. What it has claimed it answers for until the
 * report is durable; its heartbeat says so to everybody else.
 */
export class Agent {
  readonly #ports: Needs;
  readonly #settings: EngineSettings;
  readonly #options: AgentOptions;
  readonly #executor: Executor;
  readonly #states: RunStates;
  readonly #claims: Claims;
  readonly #heartbeat: Heartbeat;
  readonly #reports: Reports;
  readonly #intake = new Intake();
  readonly #held = new Map<number, Held>();
  /** Held attempts by name, so that a doubled message starts nothing twice here, whatever its delivery. */
  readonly #names = new Set<string>();
  readonly #stop = new AbortController();
  #taking = true;
  /** Something came or ended: there may be something to start. */
  readonly #changed = new Signal();
  /** Nothing taken waits for room: more may be taken. */
  readonly #drained = new Signal();
  #loops: Promise<void>[] = [];

  constructor(ports: Needs, settings: EngineSettings, options: AgentOptions) {
    this.#ports = ports;
    this.#settings = settings;
    this.#options = options;
    this.#claims = createClaims(ports, settings);
    this.#heartbeat = createHeartbeat(ports, settings, options, () => this.held());
    this.#reports = createReports(ports, settings, {
      owner: options.id,
      lingerMs: options.lingerMs,
      reported: (held) => this.#letGo(held),
    });
    this.#states = options.states ?? readStates(ports, settings);
    this.#executor = options.executor({
      started: (keys) => this.#onStarted(keys),
      ended: (results) => this.#onEnded(results),
      beats: (beats) => this.#onBeats(beats),
      spawned: (key, requests) => {
        const held = this.#held.get(key);
        if (held) this.#reports.spawn(held, requests);
      },
    });
  }

  /** What it answers for. */
  held(): readonly Held[] {
    return [...this.#held.values()];
  }

  start(): void {
    // Not waited for at the end: what a last take brings is given back.
    void this.#forever(() => this.#take());
    this.#loops = [
      this.#forever(() => this.#startWhatFits()),
      this.#forever(() => this.#beat()),
      this.#forever(() => this.#control()),
    ];
  }

  /** Takes nothing more, lets what runs end for `graceMs`, hands back the rest; then stops. */
  async drain(graceMs: number): Promise<void> {
    this.#taking = false;
    this.#fireAll();
    const letters = this.#intake.clear();
    await this.#ports.queue
      .extend(
        letters.map(({ receipt }) => receipt),
        0,
      )
      .catch(() => undefined);
    await this.#executor.drain(graceMs);
    await Promise.resolve();
    await this.#reports.settled();
    await this.close();
    if (this.#held.size === 0) await this.#heartbeat.retire();
  }

  /** Stops at once. What was not reported is found lost. */
  async close(): Promise<void> {
    this.#taking = false;
    this.#stop.abort();
    this.#fireAll();
    await this.#executor.close();
    await Promise.all(this.#loops);
  }

  async #forever(step: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await step();
      } catch (error) {
        if (!mayPass(error)) return this.#options.failed(error);
        await this.#ports.clock.sleep(retryMs, this.#stop.signal);
      }
    }
  }

  #fireAll(): void {
    this.#changed.fire();
    this.#drained.fire();
  }

  async #take(): Promise<void> {
    const { clock, queue } = this.#ports;
    const { visibilityMs } = this.#settings;
    if (!this.#taking || this.#intake.waiting() > 0) return this.#drained.wait();
    const taken = await queue.take({
      queues: [queueOf(this.#options.pool)],
      max: this.#options.takeMax,
      waitMs: this.#options.waitMs,
      visibilityMs,
    });
    if (this.#taking)
      for (const message of taken) await this.#open(message, clock.now() + visibilityMs);
    else await queue.extend(taken.map(({ receipt }) => receipt), 0);
    if (taken.length > 0) this.#changed.fire();
  }

  async #startWhatFits(): Promise<void> {
    const room = (spec: Held['spec']): number => this.#executor.room(spec);
    const chosen = this.#intake.choose(room, this.#ports.clock.now(), claimMax);
    if (this.#intake.waiting() === 0) this.#drained.fire();
    if (chosen.length > 0) await this.#claimAndStart(chosen);
    else await this.#changed.wait();
  }

  async #open(taken: Taken, visibleAt: number): Promise<void> {
    const { clock, queue } = this.#ports;
    const { notBefore } = fromBody(taken.body);
    const early = notBefore - clock.now();
    if (early <= 0) return this.#intake.add(taken, visibleAt);
    // Not due yet: a queue delays by quarter hours at most, and some only by whole seconds.
    const body = asBody(fromBody(taken.body));
    await queue.send([{ queue: taken.queue, body, delayMs: Math.min(early, delayMsMax) }]);
    await queue.remove([taken.receipt]);
  }

  async #claimAndStart(chosen: readonly Held[]): Promise<void> {
    const fresh: Held[] = [];
    for (const held of chosen) {
      const name = nameOf(held);
      if (this.#names.has(name)) this.#drop(held);
      else {
        this.#names.add(name);
        this.#held.set(held.key, held);
        fresh.push(held);
      }
    }
    const granted = await this.#claim(fresh);
    const allowed = await this.#allowed(granted);
    if (allowed.length > 0) this.#executor.start(allowed.map(executionOf));
  }

  /** Those that are ours to run. */
  async #claim(chosen: readonly Held[]): Promise<readonly Held[]> {
    const toClaim = chosen.filter(({ delivery }) => delivery !== 'at-least-once');
    if (toClaim.length === 0) return chosen;
    await this.#heartbeat.fresh();
    const answers = await this.#claims.claim(toClaim, this.#options.id);
    const refused: { held: Held; claimed: Claimed }[] = [];
    for (const [i, answer] of answers.entries()) {
      const held = toClaim[i] as Held;
      if (answer.granted) continue;
      const { owner, at } = answer;
      const { run, task } = held;
      const { attempt, follow } = held;
      refused.push({ held, claimed: { run, task, attempt, owner, at, follow } });
    }
    if (refused.length === 0) return chosen;
    await this.#meet(refused);
    const gone = new Set(refused.map(({ held }) => held));
    return chosen.filter((held) => !gone.has(held));
  }

  async #meet(refused: readonly { held: Held; claimed: Claimed }[]): Promise<void> {
    const others = refused.map(({ claimed }) => claimed);
    const meetings = await meetClaimed(this.#ports, this.#settings, others);
    for (const [i, { held }] of refused.entries()) {
      this.#forget(held);
      if (meetings[i] === 'settled') this.#drop(held);
    }
  }

  /** Of what was claimed, that whose run still wants it. */
  async #allowed(claimed: readonly Held[]): Promise<readonly Held[]> {
    const { clock } = this.#ports;
    const runs = [...new Set(claimed.map(({ run }) => run))];
    if (runs.length === 0) return [];
    const states = await this.#insist(() => this.#states(runs));
    const now = clock.now();
    return claimed.filter((held) => {
      const state = states.get(held.run);
      if (state === 'paused') this.#onEnded([neverRan(held, 'released', now)]);
      else if (held.notAfter > 0 && now > held.notAfter)
        this.#onEnded([neverRan(held, 'failed', now)]);
      else if (state === 'running' || (state === 'cancelling' && held.always)) return true;
      else this.#giveUp(held);
      return false;
    });
  }

  async #insist<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!mayPass(error)) throw error;
        await this.#ports.clock.sleep(retryMs);
      }
    }
  }

  #onStarted(keys: readonly number[]): void {
    const now = this.#ports.clock.now();
    for (const key of keys) {
      const held = this.#held.get(key);
      if (held === undefined) continue;
      held.since = now;
      held.started = true;
    }
  }

  #onEnded(results: readonly AttemptResult[]): void {
    for (const result of results) {
      const held = this.#held.get(result.key);
      if (held === undefined) continue;
      if (this.#goesOn(held, result)) void this.#follow(held, result).catch(this.#options.failed);
      else this.#reports.add(held, result);
    }
    this.#changed.fire();
  }

  /** Whether the task after this one may be gone on with here. */
  #goesOn(held: Held, result: AttemptResult): boolean {
    if (held.follow.length === 0 || result.outcome !== 'succeeded') return false;
    const spawned = held.spawning !== undefined || (result.spawns?.length ?? 0) > 0;
    return this.#taking && !held.cancelled && !spawned && held.spawned.length === 0;
  }

  /**
   * Goes on with the only dependent of a task that succeeded: its claim and the report are written at the same time, and
   * it starts when both are durable. The message stays until the last one of the chain is reported, so that whoever gets
   * it after this runner's death finds the claim.
   */
  async #follow(before: Held, result: AttemptResult): Promise<void> {
    const next = followHeld(before, result, this.#intake, this.#ports.clock.now());
    if (next === undefined) return this.#reports.add(before, result);
    next.letter.open++;
    this.#held.set(next.key, next);
    this.#names.add(nameOf(next));
    const [pack, answers] = await Promise.all([
      this.#reports.hop(before, result, next.task),
      this.#claims.claim([next], this.#options.id),
    ]);
    next.after = { task: before.task, attempt: before.attempt, pack };
    this.#letGo([before]);
    if (answers[0]?.granted !== true) return this.#sendInstead(next);
    const allowed = await this.#allowed([next]);
    if (allowed.length > 0) this.#executor.start(allowed.map(executionOf));
  }

  /** Somebody has claimed what was to follow: it goes the way of every other task, where that is looked into. */
  async #sendInstead(held: Held): Promise<void> {
    const message = messageOf(held, this.#ports.clock.now());
    const queue = queueOf(this.#options.pool);
    await this.#insist(() => this.#ports.queue.send([{ queue, body: asBody(message) }]));
    this.#giveUp(held);
  }

  #onBeats(beats: readonly Beat[]): void {
    for (const beat of beats) {
      const held = this.#held.get(beat.key);
      if (held) held.beat = beat;
    }
  }

  #letGo(list: readonly Held[]): void {
    for (const held of list) {
      this.#forget(held);
      this.#drop(held);
    }
    this.#changed.fire();
  }

  #giveUp(held: Held): void {
    this.#forget(held);
    this.#drop(held);
  }

  #forget(held: Held): void {
    this.#held.delete(held.key);
    this.#names.delete(nameOf(held));
  }

  /** One attempt less of its message; with the last one the message goes. */
  #drop(held: Held): void {
    const { letter } = held;
    letter.open--;
    if (letter.open > 0 || letter.removed) return;
    letter.removed = true;
    // A message that stays comes again, and is found claimed.
    this.#ports.queue.remove([letter.receipt]).catch(() => undefined);
  }

  /** Saves a heartbeat when there is something to hold; what it lists needs its message no more. */
  async #beat(): Promise<void> {
    const { clock, queue } = this.#ports;
    const { heartbeatMs, visibilityMs } = this.#settings;
    await clock.sleep(heartbeatMs, this.#stop.signal);
    if (this.#stop.signal.aborted || this.#held.size === 0) return;
    const held = this.held();
    if (!(await this.#heartbeat.beat(held))) return;
    const kept = new Set(this.#intake.letters());
    const done: string[] = [];
    const extended: string[] = [...kept].map(({ receipt }) => receipt);
    for (const { letter, delivery } of held) {
      if (letter.removed || kept.has(letter)) continue;
      if (delivery === 'at-least-once') extended.push(letter.receipt);
      else {
        letter.removed = true;
        done.push(letter.receipt);
      }
    }
    await queue.remove(done);
    await queue.extend(extended, visibilityMs);
  }

  /** Cancels what runs of cancelled runs. */
  async #control(): Promise<void> {
    const { clock } = this.#ports;
    await clock.sleep(this.#options.controlMs, this.#stop.signal);
    const now = clock.now();
    const long = this.held().filter(
      (held) => !held.cancelled && now - held.since >= this.#options.controlMs,
    );
    const runs = [...new Set(long.map(({ run }) => run))];
    if (runs.length === 0) return;
    const states = await this.#states(runs);
    const unwanted = long.filter((held) => {
      const state = states.get(held.run);
      const wanted =
        state === 'running' || state === 'paused' || (state === 'cancelling' && held.always);
      if (!wanted) held.cancelled = true;
      return !wanted;
    });
    if (unwanted.length > 0) this.#executor.cancel(unwanted.map(({ key }) => key));
  }
}

const readStates =
  (ports: Needs, settings: EngineSettings): RunStates =>
  async (runs) => {
    const items = await ports.table.getMany(runs.map((run) => metaKey(settings.namespace, run)));
    return new Map(runs.map((run, i) => [run, items[i] && fromData<Meta>(items[i].data).state]));
  };

const nameOf = (held: Pick<Held, 'run' | 'task' | 'attempt'>): string =>
  `${held.run}#${held.task}#${held.attempt}`;

const executionOf = (held: Held): Execution => ({
  key: held.key,
  run: held.run,
  workflow: held.workflow,
  task: held.id,
  attempt: held.attempt,
  spec: held.spec,
  input: held.input,
});

/** The end of an attempt that was claimed and not started: its run is paused, or it waited too long. */
function neverRan(held: Held, outcome: 'released' | 'failed', now: number): AttemptResult {
  const result = { key: held.key, outcome, startedAt: now, endedAt: now };
  if (outcome === 'released') return result;
  const message = 'it waited in the queue for longer than its queue limit';
  return { ...result, error: { reason: 'queue-limit', message } };
}
