import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../../contract/json.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  delayMsMax,
  type Outgoing,
  type Queue,
  type Taken,
  type TakeOptions,
} from '../../ports/queue.ts';
import { type Message, QueueLine } from './queue-line.ts';

/** The queue for messages that were received too often. */
const DEAD = 'dead';
const RECEIVES_MAX = 10;

export interface QueueOptions {
  readonly clock: Clock;
  /** How often a message of the queue is delivered before it goes to the dead letters. Default: 10. */
  readonly receivesMax?: (queue: string) => number;
}

export interface EmbeddedQueue extends Queue {
  /** Takers that wait get nothing, at once; no timer is left. */
  close(): void;
}

interface Waiter {
  readonly options: TakeOptions;
  readonly until: number;
  readonly resolve: (taken: readonly Taken[]) => void;
}

interface Flight {
  readonly line: QueueLine;
  readonly message: Message;
}

/** Queues in the memory of this process: they end with it, since the table knows what must be sent again. */
export function createQueue(options: QueueOptions): EmbeddedQueue {
  const hub = new QueueHub(options);
  return {
    send: async (messages) => hub.send(messages),
    take: (options) => hub.take(options),
    extend: async (receipts, visibilityMs) => hub.extend(receipts, visibilityMs),
    remove: async (receipts) => hub.remove(receipts),
    depth: async (queue) => hub.depth(queue),
    close: () => hub.close(),
  };
}

/** Bodies are handed on as they are: who sends one must not change it. */
class QueueHub {
  readonly #clock: Clock;
  readonly #receivesMax: (queue: string) => number;
  readonly #lines = new Map<string, QueueLine>();
  readonly #flights = new Map<string, Flight>();
  /** So that receipts of a process before this one mean nothing here. */
  readonly #incarnation = randomBytes(6).toString('base64url');
  readonly #waiters = new Set<Waiter>();
  #receipts = 0;
  #serving = false;
  #closed = false;
  #alarm: { readonly at: number; readonly cancel: AbortController } | undefined;

  constructor({ clock, receivesMax = () => RECEIVES_MAX }: QueueOptions) {
    this.#clock = clock;
    this.#receivesMax = receivesMax;
  }

  send(messages: readonly Outgoing[]): void {
    for (const { delayMs = 0 } of messages)
      if (!(delayMs >= 0 && delayMs <= delayMsMax))
        throw new RangeError(`a message can wait 0 to ${delayMsMax} ms, not ${delayMs}`);
    const now = this.#clock.now();
    for (const { queue, body, delayMs = 0 } of messages) {
      const line = this.#line(queue);
      const message = newMessage(body, now);
      if (delayMs > 0) line.delay(message, now + delayMs);
      else line.push(message);
    }
    this.#serveSoon();
  }

  take(options: TakeOptions): Promise<readonly Taken[]> {
    const taken = this.#closed ? [] : this.#takeNow(options);
    if (taken.length > 0 || options.waitMs <= 0 || this.#closed) return Promise.resolve(taken);
    return new Promise((resolve) => {
      this.#waiters.add({ options, until: this.#clock.now() + options.waitMs, resolve });
      this.#serveSoon();
    });
  }

  extend(receipts: readonly string[], visibilityMs: number): void {
    const now = this.#clock.now();
    for (const receipt of receipts) {
      const flight = this.#current(receipt, now);
      if (flight !== undefined) flight.line.keep([flight.message], now + visibilityMs);
    }
    this.#serveSoon();
  }

  remove(receipts: readonly string[]): void {
    const now = this.#clock.now();
    for (const receipt of receipts) {
      const flight = this.#current(receipt, now);
      if (flight === undefined) continue;
      this.#flights.delete(receipt);
      flight.line.drop(flight.message);
    }
  }

  depth(queue: string): { readonly waiting: number; readonly inFlight: number } {
    const line = this.#lines.get(queue);
    if (line === undefined) return { waiting: 0, inFlight: 0 };
    this.#refresh(line);
    return { waiting: line.waiting, inFlight: line.inFlight };
  }

  close(): void {
    this.#closed = true;
    this.#alarm?.cancel.abort();
    for (const { resolve } of this.#waiters) resolve([]);
    this.#waiters.clear();
  }

  #line(queue: string): QueueLine {
    let line = this.#lines.get(queue);
    if (line === undefined) {
      line = new QueueLine(queue);
      this.#lines.set(queue, line);
    }
    return line;
  }

  #refresh(line: QueueLine): void {
    line.refresh(this.#clock.now(), (message) => this.#flights.delete(message.receipt));
  }

  #takeNow({ queues, max, visibilityMs }: TakeOptions): Taken[] {
    const taken: Taken[] = [];
    for (const queue of queues) {
      if (taken.length >= max) break;
      const line = this.#lines.get(queue);
      if (line === undefined) continue;
      this.#refresh(line);
      this.#takeFrom(line, max, visibilityMs, taken);
    }
    return taken;
  }

  #takeFrom(line: QueueLine, max: number, visibilityMs: number, taken: Taken[]): void {
    const receivesMax =
      line.name === DEAD ? Number.POSITIVE_INFINITY : this.#receivesMax(line.name);
    const flying: Message[] = [];
    while (taken.length < max) {
      const message = line.shift();
      if (message === undefined) break;
      if (message.receiveCount >= receivesMax) this.#bury(line, message);
      else {
        flying.push(message);
        taken.push(this.#deliver(line, message));
      }
    }
    if (flying.length > 0) line.fly(flying, this.#clock.now() + visibilityMs);
  }

  #deliver(line: QueueLine, message: Message): Taken {
    const receipt = `${this.#incarnation}-${++this.#receipts}`;
    message.state = 'in-flight';
    message.receipt = receipt;
    message.receiveCount++;
    this.#flights.set(receipt, { line, message });
    const { body, receiveCount, sentAt } = message;
    return { queue: line.name, body, receipt, receiveCount, sentAt };
  }

  #bury({ name }: QueueLine, message: Message): void {
    message.state = 'gone';
    const body: JsonObject = { from: name, body: message.body };
    this.#line(DEAD).push(newMessage(body, this.#clock.now()));
    this.#serveSoon();
  }

  /** Undefined when the message was delivered again since, or can be. */
  #current(receipt: string, now: number): Flight | undefined {
    const flight = this.#flights.get(receipt);
    if (flight === undefined || flight.message.visibleAt > now) return flight;
    this.#refresh(flight.line);
    return undefined;
  }

  /** What is sent in one turn is handed out together. */
  #serveSoon(): void {
    if (this.#serving || this.#waiters.size === 0) return;
    this.#serving = true;
    queueMicrotask(() => {
      this.#serving = false;
      this.#serve();
    });
  }

  /** Those who wait longest are served first. */
  #serve(): void {
    const now = this.#clock.now();
    for (const waiter of this.#waiters) {
      const taken = this.#takeNow(waiter.options);
      if (taken.length === 0 && waiter.until > now) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(taken);
    }
    this.#setAlarm();
  }

  /** One timer for all who wait: for the first that gives up, or the first message that comes. */
  #setAlarm(): void {
    const at = this.#nextAt();
    if (this.#alarm !== undefined) {
      if (this.#alarm.at <= at && this.#waiters.size > 0) return;
      this.#alarm.cancel.abort();
      this.#alarm = undefined;
    }
    if (this.#waiters.size === 0 || this.#closed) return;
    const alarm = { at, cancel: new AbortController() };
    this.#alarm = alarm;
    void this.#clock.sleep(Math.max(0, at - this.#clock.now()), alarm.cancel.signal).then(() => {
      if (this.#alarm !== alarm) return;
      this.#alarm = undefined;
      if (!this.#closed) this.#serve();
    });
  }

  #nextAt(): number {
    let at = Number.POSITIVE_INFINITY;
    for (const { options, until } of this.#waiters) {
      at = Math.min(at, until);
      for (const queue of options.queues)
        at = Math.min(at, this.#lines.get(queue)?.nextAt ?? Number.POSITIVE_INFINITY);
    }
    return at;
  }
}

function newMessage(body: JsonObject, sentAt: number): Message {
  return { body, sentAt, receiveCount: 0, state: 'waiting', visibleAt: 0, receipt: '' };
}
