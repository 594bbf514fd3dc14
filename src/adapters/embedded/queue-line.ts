import type { JsonObject } from '../../contract/json.ts';

export interface Message {
  readonly body: JsonObject;
  readonly sentAt: number;
  receiveCount: number;
  state: 'delayed' | 'waiting' | 'in-flight' | 'gone';
  /** Epoch ms: when it can be taken, or taken again. */
  visibleAt: number;
  /** Of the delivery at hand. */
  receipt: string;
}

/** Messages that come at the same time. A message may have moved on since: its own `visibleAt` says. */
interface Later {
  readonly at: number;
  readonly messages: readonly Message[];
}

/** Below so many that have moved on, looking for them is not worth it. */
const STALE_MIN = 4096;

/** One queue: first in, first out, and those that come later in a heap by time. Each step is O(log n) or better. */
export class QueueLine {
  readonly name: string;
  #waiting: (Message | undefined)[] = [];
  #first = 0;
  #later: Later[] = [];
  /** How many messages the heap holds, with those that have moved on. */
  #held = 0;
  #delayed = 0;
  inFlight = 0;

  constructor(name: string) {
    this.name = name;
  }

  get waiting(): number {
    return this.#waiting.length - this.#first;
  }

  /** When the next of those that come later comes, or has moved on; infinity when there is none. */
  get nextAt(): number {
    return this.#later[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  get empty(): boolean {
    return this.waiting === 0 && this.#later.length === 0;
  }

  push(message: Message): void {
    message.state = 'waiting';
    this.#waiting.push(message);
  }

  shift(): Message | undefined {
    const message = this.#waiting[this.#first];
    if (message === undefined) return undefined;
    this.#waiting[this.#first++] = undefined;
    if (this.#first === this.#waiting.length) {
      this.#waiting = [];
      this.#first = 0;
    } else if (this.#first > 1024 && this.#first * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return message;
  }

  delay(message: Message, at: number): void {
    message.state = 'delayed';
    this.#delayed++;
    this.#hold([message], at);
  }

  /** Those just delivered come back at `at`, unless they are removed or extended by then. */
  fly(messages: readonly Message[], at: number): void {
    this.inFlight += messages.length;
    this.#hold(messages, at);
  }

  /** As `fly`, for those that are in flight already. */
  keep(messages: readonly Message[], at: number): void {
    this.#hold(messages, at);
  }

  /** A message in flight is done with. */
  drop(message: Message): void {
    message.state = 'gone';
    this.inFlight--;
    if (this.inFlight === 0 && this.#delayed === 0) {
      this.#later = [];
      this.#held = 0;
    } else if (this.#held > 2 * (this.inFlight + this.#delayed) + STALE_MIN) this.#forgetStale();
  }

  /** Delayed messages whose time has come, and those that a taker kept too long, wait again; these go to `onLate`. */
  refresh(now: number, onLate: (message: Message) => void): void {
    while (this.nextAt <= now) {
      const { at, messages } = this.#pop();
      for (const message of messages) if (isDue(message, at)) this.#land(message, onLate);
    }
  }

  #land(message: Message, onLate: (message: Message) => void): void {
    if (message.state === 'delayed') this.#delayed--;
    else {
      this.inFlight--;
      onLate(message);
    }
    this.push(message);
  }

  #hold(messages: readonly Message[], at: number): void {
    for (const message of messages) message.visibleAt = at;
    this.#held += messages.length;
    this.#later.push({ at, messages });
    this.#rise(this.#later.length - 1);
  }

  #pop(): Later {
    const heap = this.#later;
    const first = heap[0] as Later;
    const last = heap.pop() as Later;
    this.#held -= first.messages.length;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first;
  }

  #rise(from: number): void {
    const heap = this.#later;
    const moved = heap[from] as Later;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Later;
      if (above.at <= moved.at) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = moved;
  }

  #sink(): void {
    const heap = this.#later;
    const moved = heap[0] as Later;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.at < (heap[child] as Later).at) child++;
      const below = heap[child] as Later;
      if (below.at >= moved.at) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = moved;
  }

  /** Entries in order of time are a heap. */
  #forgetStale(): void {
    this.#later = this.#later
      .map(({ at, messages }) => ({ at, messages: messages.filter((one) => isDue(one, at)) }))
      .filter(({ messages }) => messages.length > 0)
      .sort((a, b) => a.at - b.at);
    this.#held = this.#later.reduce((sum, { messages }) => sum + messages.length, 0);
  }
}

const isDue = ({ state, visibleAt }: Message, at: number): boolean =>
  visibleAt === at && (state === 'delayed' || state === 'in-flight');
