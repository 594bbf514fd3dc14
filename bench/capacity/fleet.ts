import type { EventHeap } from './event-heap.ts';
import { type Draws, draws } from './random.ts';
import type { World } from './world.ts';

interface Runner {
  state: 'starting' | 'ready' | 'draining' | 'ended';
  running: number;
  readonly launchedAt: number;
  endedAt: number;
  /** Its place in the list of those with room, or -1. */
  place: number;
}

/**
 * The runners of one pool. What is surplus leaves in this order: launches not yet granted, the idle, the youngest that
 * start, those with the least to do, which take nothing more and end with their last task.
 */
export class Fleet {
  readonly #world: World;
  readonly #events: EventHeap;
  readonly #draws: Draws;
  readonly #runners: Runner[] = [];
  /** Indexes of ready runners with a free slot, in no order. */
  readonly #room: number[] = [];
  #pending = 0;
  #launching = 0;
  #tokens: number;
  #tokensAt = 0;
  #nextLaunchAt = -1;
  running = 0;
  ready = 0;
  starts = 0;
  peak = 0;

  constructor(world: World, events: EventHeap) {
    this.#world = world;
    this.#events = events;
    this.#draws = draws(world.seed);
    this.#tokens = world.launchBurst;
  }

  get starting(): number {
    return this.#pending + this.#launching;
  }

  beginWith(count: number): void {
    for (let n = 0; n < count; n++) this.arrive(this.#add(-this.#world.startUpS));
  }

  want(wanted: number, now: number): void {
    const surplus = this.ready + this.starting - wanted;
    if (surplus <= 0) {
      this.#pending -= surplus;
      this.launch(now);
      return;
    }
    const unlaunched = Math.min(surplus, this.#pending);
    this.#pending -= unlaunched;
    this.#end(surplus - unlaunched, now);
  }

  /** Launches what is pending, as far as the quota goes, and comes back for the rest. */
  launch(now: number): void {
    const { launchBurst, launchesPerS, startUpS } = this.#world;
    this.#tokens = Math.min(launchBurst, this.#tokens + (now - this.#tokensAt) * launchesPerS);
    this.#tokensAt = now;
    const count = Math.min(this.#pending, Math.floor(this.#tokens + 1e-9));
    this.#tokens -= count;
    this.#pending -= count;
    for (let n = 0; n < count; n++) {
      this.#launching++;
      this.#events.push(now + startUpS, 'ready', this.#add(now));
    }
    if (this.#pending === 0 || this.#nextLaunchAt > now) return;
    this.#nextLaunchAt = now + 1 / launchesPerS;
    this.#events.push(this.#nextLaunchAt, 'launch', 0);
  }

  #add(now: number): number {
    this.#runners.push({ state: 'starting', running: 0, launchedAt: now, endedAt: -1, place: -1 });
    this.starts++;
    return this.#runners.length - 1;
  }

  arrive(index: number): void {
    const runner = this.#runners[index] as Runner;
    if (runner.state !== 'starting') return;
    if (runner.launchedAt >= 0) this.#launching--;
    runner.state = 'ready';
    this.ready++;
    this.peak = Math.max(this.peak, this.ready);
    this.#addRoom(index);
  }

  hasRoom(): boolean {
    return this.#room.length > 0;
  }

  /** Any runner with room takes it: pulling from a queue knows no order. */
  begin(now: number, serviceS: number): void {
    const at = Math.floor(this.#draws.next() * this.#room.length);
    const index = this.#room[at] as number;
    const runner = this.#runners[index] as Runner;
    runner.running++;
    this.running++;
    if (runner.running === this.#world.slots) this.#dropRoom(runner);
    this.#events.push(now + serviceS, 'end', index, serviceS);
  }

  finish(index: number, now: number): void {
    const runner = this.#runners[index] as Runner;
    runner.running--;
    this.running--;
    if (runner.state === 'ready' && runner.place < 0) this.#addRoom(index);
    if (runner.state === 'draining' && runner.running === 0) this.#close(runner, now);
  }

  billed(now: number): number {
    let sum = 0;
    for (const { launchedAt, endedAt } of this.#runners) {
      const from = Math.max(0, launchedAt);
      const until = endedAt < 0 ? now : endedAt;
      sum += endedAt < 0 ? until - from : Math.max(this.#world.billedMinS, until - from);
    }
    return sum;
  }

  #end(count: number, now: number): void {
    if (count <= 0) return;
    const alive = this.#runners.flatMap((runner, index) =>
      runner.state === 'starting' || runner.state === 'ready' ? [{ runner, index }] : [],
    );
    const rank = ({ runner }: { runner: Runner }): number =>
      runner.state === 'starting' ? 0.5 : runner.running;
    alive.sort((a, b) => rank(a) - rank(b) || b.index - a.index);
    for (const { runner } of alive.slice(0, count)) {
      if (runner.state === 'starting') {
        this.#launching--;
        this.#close(runner, now);
        continue;
      }
      this.ready--;
      this.#dropRoom(runner);
      if (runner.running === 0) this.#close(runner, now);
      else runner.state = 'draining';
    }
  }

  #close(runner: Runner, now: number): void {
    runner.state = 'ended';
    runner.endedAt = now;
  }

  #addRoom(index: number): void {
    (this.#runners[index] as Runner).place = this.#room.length;
    this.#room.push(index);
  }

  #dropRoom(runner: Runner): void {
    if (runner.place < 0) return;
    const last = this.#room.pop() as number;
    if (runner.place < this.#room.length) {
      this.#room[runner.place] = last;
      (this.#runners[last] as Runner).place = runner.place;
    }
    runner.place = -1;
  }
}
