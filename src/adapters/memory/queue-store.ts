import type { JsonObject } from '../../contract/json.ts';
import type { Outgoing, Taken } from '../../ports/queue.ts';
import { frozenJson } from './frozen.ts';
import type { Host } from './host.ts';
import { TimeHeap } from './time-heap.ts';

/** What the servers of a queue may do to their callers, within its promises. */
export interface QueueLuck {
  /** How much later than asked a message can be taken, in ms. */
  delayMs(queue: string): number;
  /** Which of `count` messages comes next: 0 is the oldest. */
  pick(count: number): number;
  /** Whether a message that is delivered can be taken by another at the same time. */
  doubled(queue: string): boolean;
  /** Whether a `remove` is answered, and does nothing. */
  keepsRemoved(queue: string): boolean;
  /** Whether a message that is sent is never seen again: what no queue does, but an operator might. */
  loses(queue: string): boolean;
}

/** First in, first out, and each message once. */
export const calmQueue: QueueLuck = {
  delayMs: () => 0,
  pick: () => 0,
  doubled: () => false,
  keepsRemoved: () => false,
  loses: () => false,
};

interface Message {
  readonly queue: string;
  readonly body: JsonObject;
  readonly sentAt: number;
  receiveCount: number;
  state: 'delayed' | 'waiting' | 'in-flight' | 'gone';
  /** When it can be taken again; of the waiting: since when. */
  visibleAt: number;
  receipt: string;
}

interface Line {
  readonly waiting: Message[];
  readonly later: TimeHeap<Message>;
  inFlight: number;
  /** When those who wait will be told of what can be taken by then; Infinity: not yet asked for. */
  tellsAt: number;
}

interface Waiter {
  readonly queues: readonly string[];
  readonly wake: () => void;
}

/** The queue for messages that were received too often. */
const DEAD = 'dead';
const RECEIVES_MAX = 5;
const never = Number.POSITIVE_INFINITY;

/** All queues of a system. Their methods are the moments at which calls are applied. */
export class QueueStore {
  readonly #host: Host;
  readonly #luck: QueueLuck;
  readonly #receivesMax: number;
  readonly #lines = new Map<string, Line>();
  readonly #byReceipt = new Map<string, Message>();
  readonly #waiters = new Set<Waiter>();
  #receipts = 0;

  constructor(host: Host, luck: QueueLuck = calmQueue, receivesMax = RECEIVES_MAX) {
    this.#host = host;
    this.#luck = luck;
    this.#receivesMax = receivesMax;
  }

  /** Keeps the body itself: the caller made it a frozen one. */
  send(outgoing: Outgoing): void {
    const { queue, body, delayMs = 0 } = outgoing;
    if (this.#luck.loses(queue)) return;
    this.#enqueue(queue, body, 0, delayMs + this.#luck.delayMs(queue));
  }

  take(queues: readonly string[], max: number, visibilityMs: number): readonly Taken[] {
    const taken: Taken[] = [];
    for (const queue of queues) {
      const line = this.#line(queue);
      this.#refresh(line);
      while (taken.length < max && line.waiting.length > 0) {
        const [message] = line.waiting.splice(this.#luck.pick(line.waiting.length), 1);
        if (message === undefined) break;
        const delivery = this.#deliver(line, message, visibilityMs);
        if (delivery !== undefined) taken.push(delivery);
      }
    }
    return taken;
  }

  extend(receipt: string, visibilityMs: number): void {
    const message = this.#current(receipt);
    if (message === undefined) return;
    message.visibleAt = this.#host.now() + visibilityMs;
    const line = this.#line(message.queue);
    line.later.push(message.visibleAt, message);
    this.#tellLater(message.queue, line);
  }

  remove(receipt: string): void {
    const message = this.#current(receipt);
    if (message === undefined || this.#luck.keepsRemoved(message.queue)) return;
    message.state = 'gone';
    this.#byReceipt.delete(receipt);
    this.#line(message.queue).inFlight--;
  }

  depth(queue: string): { readonly waiting: number; readonly inFlight: number } {
    const line = this.#line(queue);
    this.#refresh(line);
    return { waiting: line.waiting.length, inFlight: line.inFlight };
  }

  /** Calls `wake` once, as soon as one of the queues may have a message, never before it returned. Returns how to stop. */
  listen(queues: readonly string[], wake: () => void): () => void {
    const waiter: Waiter = { queues, wake };
    this.#waiters.add(waiter);
    for (const queue of queues) {
      const line = this.#line(queue);
      this.#refresh(line);
      if (line.waiting.length > 0) this.#host.after(0, () => this.#tell(queue, line));
      else this.#tellLater(queue, line);
    }
    return () => this.#waiters.delete(waiter);
  }

  /** What lies in a queue, whoever holds it: for those who check the whole. */
  bodies(queue: string): readonly JsonObject[] {
    const line = this.#line(queue);
    this.#refresh(line);
    const held = [...this.#byReceipt.values()].filter((message) => message.queue === queue);
    return [...line.waiting, ...held].map((message) => message.body);
  }

  #line(queue: string): Line {
    let line = this.#lines.get(queue);
    if (line === undefined) {
      line = { waiting: [], later: new TimeHeap(), inFlight: 0, tellsAt: never };
      this.#lines.set(queue, line);
    }
    return line;
  }

  #enqueue(queue: string, body: JsonObject, receiveCount: number, delayMs: number): void {
    const sentAt = this.#host.now();
    const message: Message = {
      queue,
      body,
      sentAt,
      receiveCount,
      state: delayMs > 0 ? 'delayed' : 'waiting',
      visibleAt: sentAt + delayMs,
      receipt: '',
    };
    const line = this.#line(queue);
    if (delayMs > 0) {
      line.later.push(message.visibleAt, message);
      this.#tellLater(queue, line);
    } else {
      line.waiting.push(message);
      this.#wakeOne(queue);
    }
  }

  /** Delayed messages whose time has come, and those that a taker kept too long, can be taken. */
  #refresh(line: Line): void {
    const now = this.#host.now();
    while (line.later.nextAt <= now) {
      const at = line.later.nextAt;
      const message = line.later.pop() as Message;
      if (message.state === 'gone' || message.state === 'waiting' || message.visibleAt !== at)
        continue;
      if (message.state === 'in-flight') {
        line.inFlight--;
        this.#byReceipt.delete(message.receipt);
      }
      message.state = 'waiting';
      line.waiting.push(message);
    }
  }

  #deliver(line: Line, message: Message, visibilityMs: number): Taken | undefined {
    const { queue, body, sentAt } = message;
    if (queue !== DEAD && message.receiveCount >= this.#receivesMax) {
      message.state = 'gone';
      this.#enqueue(DEAD, frozenJson({ from: queue, body }), 0, 0);
      return undefined;
    }
    message.receiveCount++;
    if (this.#luck.doubled(queue)) this.#enqueue(queue, body, message.receiveCount, 0);
    message.state = 'in-flight';
    message.receipt = `${++this.#receipts}`;
    message.visibleAt = this.#host.now() + visibilityMs;
    line.inFlight++;
    line.later.push(message.visibleAt, message);
    this.#byReceipt.set(message.receipt, message);
    return { queue, body, sentAt, receipt: message.receipt, receiveCount: message.receiveCount };
  }

  /** The message that was delivered under this receipt, unless it was delivered or can be taken again since. */
  #current(receipt: string): Message | undefined {
    const message = this.#byReceipt.get(receipt);
    if (message === undefined) return undefined;
    if (message.visibleAt > this.#host.now()) return message;
    this.#refresh(this.#line(message.queue));
    return undefined;
  }

  /** Tells those who wait, once the earliest of what comes later can be taken. */
  #tellLater(queue: string, line: Line): void {
    const at = line.later.nextAt;
    if (this.#waiters.size === 0 || at >= line.tellsAt) return;
    line.tellsAt = at;
    this.#host.after(at - this.#host.now(), () => {
      if (line.tellsAt !== at) return;
      line.tellsAt = never;
      this.#tell(queue, line);
    });
  }

  /** What was removed since, or is kept for longer, wakes nobody. */
  #tell(queue: string, line: Line): void {
    this.#refresh(line);
    for (let n = line.waiting.length; n > 0; n--) if (!this.#wakeOne(queue)) return;
    this.#tellLater(queue, line);
  }

  #wakeOne(queue: string): boolean {
    for (const waiter of this.#waiters) {
      if (!waiter.queues.includes(queue)) continue;
      this.#waiters.delete(waiter);
      waiter.wake();
      return true;
    }
    return false;
  }
}
