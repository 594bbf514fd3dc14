import type { AttemptResult, Executor, ExecutorEvents } from '../contract/execution.ts';
import { asBody, fromBody } from '../contract/task-message.ts';
import { queueOf } from '../engine/dispatch.ts';
import { mayPass } from '../engine/passing.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { Ports } from '../ports/ports.ts';
import { delayMsMax, type Taken } from '../ports/queue.ts';
import { Admission, type RunStates, readStates, unwantedOf } from './admission.ts';
import type { AgentOptions } from './agent-options.ts';
import { type ChainParts, goOn, leadsOn } from './chain.ts';
import { createClaims } from './claims.ts';
import { createHeartbeat, type Heartbeat } from './heartbeat.ts';
import { executionOf, type Held } from './held.ts';
import { Holdings, heldMax } from './holdings.ts';
import { Intake } from './intake.ts';
import { receiptsOf, sortLetters } from './letters.ts';
import { Once, withOnce } from './once.ts';
import { createReports, type Reports } from './reports.ts';
import { risingClock } from './rising-clock.ts';
import { Signal } from './signal.ts';

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
  readonly #heartbeat: Heartbeat;
  readonly #reports: Reports;
  readonly #admission: Admission;
  readonly #chain: ChainParts;
  readonly #intake = new Intake();
  // A message that stays comes again, and is found claimed.
  readonly #holdings = new Holdings((receipt) => {
    this.#ports.queue.remove([receipt]).catch(() => undefined);
  });
  readonly #stop = new AbortController();
  #taking = true;
  #admitting = false;
  /** Slots kept for attempts that are about to be gone on with. */
  #hopping = 0;
  /** Something came or ended: there may be something to start. */
  readonly #changed = new Signal();
  /** Nothing taken waits for room: more may be taken. */
  readonly #drained = new Signal();
  /** Nothing that was taken is left to answer for. */
  readonly #quiet = new Signal();
  #loops: Promise<void>[] = [];

  constructor(ports: Needs, settings: EngineSettings, options: AgentOptions) {
    this.#ports = ports;
    this.#settings = settings;
    this.#options = options;
    // Whether a claim is older than a heartbeat tells others who answers for it.
    const rising = risingClock(ports.clock);
    const claims = createClaims({ ...ports, clock: rising }, settings);
    this.#heartbeat = createHeartbeat(ports, settings, options, this.#holdings, rising);
    this.#reports = createReports(ports, settings, {
      owner: options.id,
      lingerMs: options.lingerMs,
      open: () => this.#holdings.size,
      reported: (held) => {
        for (const one of held) this.#holdings.letGo(one);
        this.#changed.fire();
      },
      failed: options.failed,
    });
    this.#states = options.states ?? readStates(ports, settings);
    const shared = { ports, settings, owner: options.id, claims, holdings: this.#holdings };
    this.#admission = new Admission({
      ...shared,
      heartbeat: this.#heartbeat,
      states: this.#states,
      ended: (results) => this.#onEnded(results),
    });
    this.#chain = {
      ...shared,
      pool: options.pool,
      intake: this.#intake,
      admission: this.#admission,
      reports: this.#reports,
      start: (held) => this.#executor.start(held.map(executionOf)),
    };
    const once = new Once(ports, settings, options.id);
    this.#executor = options.executor(withOnce(this.#events(), once, this.#holdings));
  }

  #events(): ExecutorEvents {
    return {
      started: (starts) => {
        for (const { key, at } of starts)
          this.#with(key, (held) => {
            held.since = at;
            held.started = true;
          });
      },
      ended: (results) => this.#onEnded(results),
      roomier: () => this.#changed.fire(),
      beats: (beats) => {
        for (const beat of beats)
          this.#with(beat.key, (held) => {
            held.beat = beat;
          });
      },
      spawned: (key, requests) => {
        this.#with(key, (held) => this.#reports.spawn(held, requests));
      },
    };
  }

  #with(key: number, act: (held: Held) => void): void {
    const held = this.#holdings.get(key);
    if (held) act(held);
  }

  /** What it answers for. */
  held(): readonly Held[] {
    return this.#holdings.list();
  }

  start(): void {
    // Not waited for at the end: what a last take brings is given back.
    if (this.#options.takeMax > 0) void this.#forever(() => this.#take());
    this.#loops = [
      this.#forever(() => this.#startWhatFits()),
      this.#forever(() => this.#beat()),
      this.#forever(() => this.#control()),
    ];
  }

  /**
   * Runs messages that somebody else received. Resolves when nothing is left to answer for here: those that were not
   * removed by then are to come again. One call at a time.
   */
  async handle(taken: readonly Taken[]): Promise<void> {
    const visibleAt = this.#ports.clock.now() + this.#settings.visibilityMs;
    for (const message of taken) await this.#open(message, visibleAt);
    this.#changed.fire();
    while (!this.#isQuiet() && !this.#stop.signal.aborted) await this.#quiet.wait();
  }

  #isQuiet(): boolean {
    return this.#intake.waiting() === 0 && this.#holdings.size === 0 && !this.#admitting;
  }

  /** Takes nothing more, lets what runs end for `graceMs`, hands back the rest; then stops. */
  async drain(graceMs: number): Promise<void> {
    this.#taking = false;
    this.#fireAll();
    const receipts = receiptsOf(this.#intake.clear());
    if (receipts.length > 0) await this.#ports.queue.extend(receipts, 0).catch(() => undefined);
    await this.#executor.drain(graceMs);
    await Promise.resolve();
    await this.#reports.settled();
    await this.close();
    if (this.#holdings.size === 0) await this.#heartbeat.retire();
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
        if (!mayPass(error)) {
          this.#options.failed(error);
          return;
        }
        await this.#ports.clock.sleep(retryMs, this.#stop.signal);
      }
    }
  }

  #fireAll(): void {
    this.#changed.fire();
    this.#drained.fire();
    this.#quiet.fire();
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
    if (taken.length === 0) return;
    try {
      if (this.#taking)
        for (const message of taken) await this.#open(message, clock.now() + visibilityMs);
      else await queue.extend(receiptsOf(taken), 0);
    } finally {
      // Also when one was not opened: the others wait to be started.
      this.#changed.fire();
    }
  }

  async #open(taken: Taken, visibleAt: number): Promise<void> {
    const { clock, queue } = this.#ports;
    const message = fromBody(taken.body);
    const early = message.notBefore - clock.now();
    if (early <= 0) return this.#intake.add(taken, visibleAt);
    // Not due yet: a queue delays by quarter hours at most, and some only by whole seconds.
    const delayMs = Math.min(early, delayMsMax);
    await queue.send([{ queue: taken.queue, body: asBody(message), delayMs }]);
    await queue.remove([taken.receipt]);
  }

  async #startWhatFits(): Promise<void> {
    const { gatherMs = 0 } = this.#options;
    if (gatherMs > 0 && this.#holdings.size > 0 && this.#intake.waiting() > 0)
      await this.#ports.clock.sleep(gatherMs, this.#stop.signal);
    const now = this.#ports.clock.now();
    const most = Math.min(claimMax, heldMax - this.#holdings.size);
    const chosen = this.#intake.choose(this.#executor, this.#hopping, now, most);
    if (this.#intake.waiting() === 0) this.#drained.fire();
    if (chosen.length === 0) {
      if (this.#isQuiet()) this.#quiet.fire();
      return this.#changed.wait();
    }
    this.#admitting = true;
    try {
      const admitted = await this.#admission.admit(chosen);
      if (admitted.length > 0) this.#executor.start(admitted.map(executionOf));
    } finally {
      this.#admitting = false;
    }
  }

  #onEnded(results: readonly AttemptResult[]): void {
    for (const result of results) {
      const held = this.#holdings.ended(result);
      if (held === undefined) continue;
      if (this.#taking && leadsOn(held, result)) void this.#goOn(held, result);
      else this.#reports.add(held, result);
    }
    this.#changed.fire();
  }

  async #goOn(held: Held, result: AttemptResult): Promise<void> {
    const [next] = held.follow;
    const slots = next ? this.#executor.slots(next.spec, 1) : 0;
    this.#hopping += slots;
    await goOn(this.#chain, held, result).catch(this.#options.failed);
    this.#hopping -= slots;
    this.#changed.fire();
  }

  /**
   * Saves a heartbeat when there is something to hold; what it lists needs its message no more. And once more when all of
   * it is reported: an idle runner's last one lists nothing that anybody could find lost.
   */
  async #beat(): Promise<void> {
    const { clock, queue } = this.#ports;
    const { heartbeatMs, visibilityMs } = this.#settings;
    await clock.sleep(heartbeatMs, this.#stop.signal);
    this.#reports.flush();
    const held = this.held();
    if (this.#stop.signal.aborted || !this.#heartbeat.isDue(held)) return;
    if (!(await this.#heartbeat.beat(held))) return;
    const { answered, needed } = sortLetters(held, this.held(), this.#intake.letters());
    for (const letter of answered) letter.removed = true;
    if (answered.length > 0) await queue.remove(receiptsOf(answered));
    if (needed.length > 0) await queue.extend(receiptsOf(needed), visibilityMs);
  }

  /** Cancels what runs of cancelled runs. */
  async #control(): Promise<void> {
    const { clock } = this.#ports;
    const { controlMs } = this.#options;
    await clock.sleep(controlMs, this.#stop.signal);
    if (this.#holdings.size === 0) return;
    const long = this.held().filter((h) => !h.cancelled && h.since <= clock.now() - controlMs);
    if (long.length === 0) return;
    const unwanted = await unwantedOf(long, this.#states);
    for (const held of unwanted) held.cancelled = true;
    if (unwanted.length > 0) this.#executor.cancel(unwanted.map(({ key }) => key));
  }
}
