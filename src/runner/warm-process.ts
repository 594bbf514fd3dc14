import type { AttemptError, ExecutionSpec, OnceAnswer } from '../contract/execution.ts';
import { type Stream, streams } from '../ports/log-sink.ts';
import type { Attempt, Host } from './attempt.ts';
import { CallText } from './call-text.ts';
import { cleanLine } from './launcher-lines.mjs';
import type { LogSource } from './log-pump.ts';
import type { Shared } from './shared.ts';
import { WarmChild, type WarmCommand, type WarmListener } from './warm-child.ts';
import { type EndMessage, endingOf, type Message } from './warm-messages.ts';
import type { WarmSpec } from './warm-spec.ts';

/** Log bytes not yet in the sink beyond which the process is no longer listened to. */
const LOG_WINDOW = 1_000_000;
/** A call that runs this long makes the process give back those that wait behind it. */
const STUCK_MS = 100;
/** A process that is not ready after this time never will be. */
const START_MS_MAX = 60_000;
/** After this many definitions a process is replaced, since it never forgets one. */
const DEFINITIONS_MAX = 5000;

const notServing = ' (it was to serve calls: a program does so by an SDK, see runtime-images)';

/**
 * One warm process and its calls. It runs them in the order in which they are given, `concurrency` at a time; so
 * those that run are always the first of `calls`, and nothing has to be told when one begins.
 */
export class WarmProcess implements Host, LogSource, WarmListener {
  /** In the order given. */
  readonly calls = new Map<number, Attempt>();
  readonly concurrency: number;
  ready = false;
  /** Gets no more calls, and ends with its last one. */
  retiring = false;
  /** Estimated work in `calls`. */
  queuedMs = 0;
  idleSince: number;
  /** Of its program, where that serves its own functions. */
  stamp = 0;
  #shared: Shared;
  #child: WarmChild;
  #warmSpecs: (key: ExecutionSpec) => WarmSpec | undefined;
  #text = new CallText();
  #unsunk = 0;
  /** When the call that runs first became the first, at the latest. */
  #movedAt = 0;
  /** When a place for a call last became free. */
  #freeAt = 0;
  #recalled = false;
  #signal: NodeJS.Signals | undefined;
  #memoryMb: number | undefined;
  #fatal = false;
  #isOwnHarness: boolean;
  #onExit: (gone: WarmProcess) => void;

  constructor(
    shared: Shared,
    command: WarmCommand,
    concurrency: number,
    warmSpecs: (key: ExecutionSpec) => WarmSpec | undefined,
    onExit: (gone: WarmProcess) => void,
  ) {
    this.#shared = shared;
    this.#isOwnHarness = command.isOwnHarness;
    this.concurrency = concurrency;
    this.#warmSpecs = warmSpecs;
    this.#onExit = onExit;
    this.idleSince = shared.clock.now();
    this.#child = new WarmChild(command, this);
  }

  /** Calls that run, or will as soon as it is ready. */
  get running(): number {
    return Math.min(this.calls.size, this.concurrency);
  }

  /** Takes a call; it goes out with the next `flush`. */
  call(attempt: Attempt, costMs: number, now: number): void {
    if (this.ready && this.calls.size < this.concurrency) attempt.startedAt = now;
    if (this.calls.size === 0) this.#movedAt = now;
    attempt.host = this;
    attempt.costMs = costMs;
    this.queuedMs += costMs;
    this.calls.set(attempt.id, attempt);
    this.#text.add(attempt);
    if (this.#text.definitions > DEFINITIONS_MAX) this.retiring = true;
  }

  flush(): void {
    const text = this.#text.take();
    if (text !== '') this.#child.send(text);
  }

  stop(attempt: Attempt, graceMs: number): void {
    this.flush();
    attempt.killAt = this.#shared.clock.now() + graceMs;
    this.#tell(['cancel', attempt.id]);
  }

  /** Asks for the calls that have not begun; what can be given back is released. */
  recall(): void {
    this.flush();
    this.#recalled = true;
    this.#tell(['recall']);
  }

  answer(attempt: Attempt, ask: number, answer: OnceAnswer): void {
    if (this.calls.has(attempt.id)) this.#tell(['answer', attempt.id, ask, answer]);
  }

  #tell(message: readonly unknown[]): void {
    this.#child.send(`${JSON.stringify(message)}\n`);
    if (this.#signal !== undefined) this.#child.poke(this.#signal);
  }

  messages(messages: readonly unknown[]): void {
    for (const message of messages as readonly Message[]) this.#take(message);
    this.#movedAt = this.#shared.clock.now();
    this.#recalled = false;
    if (this.calls.size === 0) this.#idle();
    this.#shared.outbox.flush();
  }

  #idle(): void {
    this.idleSince = this.#movedAt;
    this.queuedMs = 0;
    if (this.retiring) this.kill();
  }

  #take(message: Message): void {
    const [kind] = message;
    if (kind === 'done' || kind === 'fail') this.#end(message);
    else if (kind === 'fatal') this.#fatalEnd(message[1], message[2]);
    else if (kind === 'recalled') for (const id of message.slice(1)) this.#release(id as number);
    else if (kind === 'memory') this.#memoryMb = message[1];
    else if (kind === 'ready') {
      this.ready = true;
      this.#freeAt = this.#shared.clock.now();
      this.#signal = message[1] ?? undefined;
      if (message[2] !== undefined) this.#child.keep(message[2]);
    } else this.#said(message);
  }

  #end(message: EndMessage): void {
    const [, id, , us] = message;
    const attempt = this.calls.get(id);
    if (attempt === undefined || typeof us !== 'number') return;
    this.calls.delete(id);
    this.queuedMs -= attempt.costMs;
    this.#warmSpecs(attempt.spec)?.learn(us / 1000);
    const ending = endingOf(message, this.#memoryMb);
    this.#freeAt = ending.endedAt;
    this.#shared.finish(attempt, ending);
  }

  #fatalEnd(id: number, error: AttemptError): void {
    const attempt = this.calls.get(id);
    this.retiring = true;
    if (attempt === undefined) return;
    this.#fatal = true;
    this.calls.delete(id);
    const endedAt = this.#shared.clock.now();
    this.#shared.finish(attempt, { startedAt: attempt.startedAt || endedAt, endedAt, error });
  }

  #said(message: Extract<Message, { 0: 'log' | 'say' }>): void {
    const attempt = this.calls.get(message[1]);
    if (attempt === undefined) return;
    if (message[0] === 'log' && message[3] === 1 && this.#isOwnHarness)
      this.#child.heard(message[4]);
    if (message[0] === 'log')
      this.#log(attempt, message[2], streams[message[3]] ?? 'system', message[4]);
    else this.#shared.control.take(attempt, message[2], message[3]);
  }

  /** What is printed past the harness can only be the first call's. */
  printed(stream: 'stdout' | 'stderr', lines: readonly string[]): void {
    const [first] = this.calls.values();
    if (first !== undefined) this.#log(first, this.#shared.clock.now(), stream, lines);
  }

  #log(attempt: Attempt, at: number, stream: Stream, lines: readonly string[]): void {
    let bytes = 0;
    for (const line of Array.isArray(lines) ? lines : []) {
      bytes += line.length;
      this.#shared.logs.addLimited(attempt, at, stream, cleanLine(line));
    }
    this.#unsunk += bytes;
    this.#shared.logs.owe(this, bytes);
    if (this.#unsunk > LOG_WINDOW) this.#child.pause();
  }

  sunk(bytes: number): void {
    const before = this.#unsunk;
    this.#unsunk -= bytes;
    if (before > LOG_WINDOW && this.#unsunk <= LOG_WINDOW) this.#child.resume();
  }

  #release(id: number): void {
    const attempt = this.calls.get(id);
    if (attempt === undefined) return;
    const now = this.#shared.clock.now();
    this.calls.delete(id);
    this.queuedMs -= attempt.costMs;
    this.#shared.finish(attempt, { startedAt: now, endedAt: now, released: true });
  }

  /** Looks after the calls that run: `check` each, kill what has not ended in its grace time, recall behind a slow one. */
  tick(now: number, check: (attempt: Attempt, now: number) => void): void {
    let left = this.concurrency;
    this.#checkReady(now);
    for (const attempt of this.calls.values()) {
      if (left-- === 0) break;
      if (attempt.startedAt === 0 && this.ready) attempt.startedAt = Math.min(now, this.#freeAt);
      check(attempt, now);
      const sawLong = this.#warmSpecs(attempt.spec)?.sees(now - (attempt.startedAt || now));
      if (sawLong) this.#shared.outbox.roomier();
      if (attempt.stopping !== undefined && now >= attempt.killAt) this.#giveUpOn(attempt, now);
    }
  }

  /** One that never gets ready is killed; one that is stuck gives back what waits. */
  #checkReady(now: number): void {
    if (!this.ready) {
      if (now - this.idleSince > START_MS_MAX) this.kill();
      return;
    }
    const waiting = this.calls.size > this.concurrency;
    if (waiting && !this.#recalled && now - this.#movedAt > STUCK_MS) this.recall();
  }

  /** With others beside it, the process must live until these have ended; the call itself is over for us now. */
  #giveUpOn(attempt: Attempt, now: number): void {
    this.retiring = true;
    if (this.concurrency === 1 || this.calls.size === 1) {
      this.kill();
      return;
    }
    this.calls.delete(attempt.id);
    this.#shared.finish(attempt, { startedAt: attempt.startedAt, endedAt: now });
  }

  /** The calls that ran fail, or, if a call has said that it is to blame, those beside it are lost; the rest is released. */
  exited(why: AttemptError): void {
    this.#onExit(this);
    const at = this.#shared.clock.now();
    let begun = this.concurrency - (this.#fatal ? 1 : 0);
    const blameless = { reason: 'lost' as const, message: 'another call ended its process' };
    const error = this.#fatal ? blameless : this.#startFailure(why);
    for (const attempt of [...this.calls.values()]) {
      const { startedAt } = attempt;
      this.calls.delete(attempt.id);
      if (begun-- > 0)
        this.#shared.finish(attempt, { startedAt: startedAt || at, endedAt: at, error });
      else this.#shared.finish(attempt, { startedAt: at, endedAt: at, released: true });
    }
    this.#shared.outbox.later();
  }

  #startFailure(why: AttemptError): AttemptError {
    if (this.ready) return why;
    const hint = this.#isOwnHarness && why.reason !== 'start' ? notServing : '';
    return { reason: 'start', message: `${why.message}${hint}` };
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  kill(): void {
    this.retiring = true;
    this.#child.kill();
  }

  /** Lets what it has end, and gives it no more. */
  retire(): void {
    this.retiring = true;
    if (this.calls.size === 0) this.kill();
  }

  /** Kills it; its calls end as the agent is told of it. */
  async close(): Promise<void> {
    this.kill();
    await this.#child.exited;
  }
}
