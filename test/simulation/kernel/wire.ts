import type { Site } from '../../../src/adapters/memory/gate.ts';
import { Unavailable } from '../../../src/ports/table.ts';
import { callSite } from './call-site.ts';
import type { CallFault } from './faults.ts';
import type { Kernel } from './kernel.ts';
import type { Fate } from './luck.ts';
import { hashSeed } from './random.ts';
import { brief } from './trace.ts';

/** A call on its way: what it does when it arrives, and who waits for it. */
export interface Call<T> {
  readonly site: Site;
  readonly about: unknown;
  readonly apply: () => T;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  /** Of a call that stands for many: how many, and how to apply some. */
  readonly many?: { readonly count: number; readonly some: (from: number, to: number) => T };
}

/** Who calls: it can die of a call, and may stand still when the answer comes. */
export interface Caller {
  readonly kernel: Kernel;
  readonly name: string;
  readonly hash: number;
  /** Whether what it calls lives in it, so that nothing of its calls is done when it is dead. */
  readonly inside: boolean;
  readonly alive: boolean;
  die(why: string): void;
  whenAwake(call: () => void): void;
  settle(ms: number, call: () => void): void;
}

interface Place {
  n: number;
  readonly code: number;
}

/** A caller's connection to all the ports: where its calls are late, lost, cut, applied for nobody, or the end of it. */
export class Wire {
  readonly #caller: Caller;
  readonly #kernel: Kernel;
  readonly #places = new Map<Site, Place>();

  constructor(caller: Caller) {
    this.#caller = caller;
    this.#kernel = caller.kernel;
  }

  send<T>(call: Call<T>): void {
    const kernel = this.#kernel;
    const caller = this.#caller;
    const place = this.#place(call.site);
    const { site, about } = call;
    const fate = kernel.luck.call(caller.hash, caller.name, site, place.n++, kernel.time, about);
    if (kernel.options.crashSites) this.#aim(site, fate);
    const { fault, latencyMs, extraMs, roll } = fate;
    if (fault === undefined) this.#after(latencyMs, () => this.#arrive(call, place));
    else if (fault === 'partial' || fault === 'torn')
      this.#after(latencyMs, () => this.#arriveApart(call, fault, place, extraMs, roll));
    else this.#after(latencyMs, () => this.#meet(call, fault, place, extraMs));
  }

  /** Has more processes die at the seed's favourite places, and notes where calls are made and processes die. */
  #aim(site: Site, fate: Fate): void {
    const { luck, counters, time } = this.#kernel;
    const place = callSite(site);
    fate.fault = luck.aimed(place, time) ?? fate.fault;
    counters.add(`call at ${place}`);
    if (fate.fault?.startsWith('crash')) counters.add(`${fate.fault} at ${place}`);
  }

  #after(ms: number, call: () => void): void {
    const caller = this.#caller;
    this.#kernel.after(ms, () => {
      if (caller.alive || !caller.inside) call();
    });
  }

  /** Nothing bad happens to it, but an outage. */
  #arrive<T>(call: Call<T>, place: Place): void {
    if (this.#meetsOutage(call, place)) return;
    try {
      const value = call.apply();
      this.#note(call, place, '', value);
      this.#caller.whenAwake(() => call.resolve(value));
    } catch (error) {
      this.#caller.whenAwake(() => call.reject(error));
    }
  }

  #meet<T>(call: Call<T>, fault: CallFault, place: Place, extraMs: number): void {
    const caller = this.#caller;
    if (fault === 'throttle') {
      this.#fail(call, place, 'THROTTLED');
    } else if (fault === 'ambiguous') {
      if (!this.#meetsOutage(call, place)) this.#land(call, place, 'ANSWER LOST');
      this.#fail(call, place, '');
    } else if (fault === 'straggler') {
      this.#fail(call, place, 'LATER');
      this.#after(extraMs, () => this.#land(call, place, 'STRAGGLES IN'));
    } else if (fault === 'crash-before') {
      caller.die(`before ${call.site} ${this.#about(call)}`);
    } else if (fault === 'crash-after') {
      this.#land(call, place, 'AND DIES');
      caller.die(`after ${call.site}`);
    } else if (fault === 'slow') {
      this.#after(extraMs, () => this.#arrive(call, place));
    } else {
      const resolve = (value: T) => caller.settle(extraMs, () => call.resolve(value));
      this.#arrive({ ...call, resolve }, place);
    }
  }

  /** Of a call for many: some now, the rest later or never. */
  #arriveApart<T>(
    call: Call<T>,
    fault: 'partial' | 'torn',
    place: Place,
    extraMs: number,
    roll: number,
  ): void {
    const { many } = call;
    if (many === undefined || many.count < 2) {
      this.#arrive(call, place);
      return;
    }
    if (this.#meetsOutage(call, place)) return;
    const { count, some } = many;
    const cut = 1 + Math.floor(roll * (count - 1));
    const tailFirst = Math.floor(roll * 1024) % 2 === 1;
    const head = () => some(0, cut);
    const tail = () => some(cut, count);
    const [first, rest] = tailFirst ? [tail, head] : [head, tail];
    const part = `${fault.toUpperCase()} ${tailFirst ? 'FROM' : 'TO'} ${cut} OF ${count}`;
    this.#land({ ...call, apply: first }, place, part);
    if (fault === 'torn')
      this.#after(extraMs / 4, () => this.#arrive({ ...call, apply: rest }, place));
    else if (Math.floor(roll * 4096) % 3 === 0) this.#caller.die(`amid ${call.site}`);
    else this.#fail(call, place, '');
  }

  /** Applied, and nobody hears of it. */
  #land<T>(call: Call<T>, place: Place, how: string): void {
    try {
      this.#note(call, place, how, call.apply());
    } catch {
      // a call that is refused for its own fault leaves nothing behind
    }
  }

  #meetsOutage<T>(call: Call<T>, place: Place): boolean {
    if (!this.#kernel.luck.isOut(call.site, this.#kernel.time)) return false;
    this.#kernel.counters.add('met an outage');
    this.#fail(call, place, 'OUTAGE');
    return true;
  }

  #fail<T>(call: Call<T>, place: Place, how: string): void {
    if (how !== '') this.#note(call, place, how, undefined);
    this.#caller.whenAwake(() => call.reject(new Unavailable(`${call.site}: no answer`)));
  }

  #note<T>(call: Call<T>, place: Place, how: string, value: T | undefined): void {
    const { trace, time } = this.#kernel;
    trace.note(time, this.#caller.hash, place.code + how.length);
    if (trace.lines === undefined) return;
    const what = `${call.site} ${how}${how && ' '}${this.#about(call)} -> ${brief(value)}`;
    trace.line(time, this.#caller.name, what);
  }

  #about<T>(call: Call<T>): string {
    return this.#kernel.trace.lines ? brief(call.about) : '';
  }

  #place(site: Site): Place {
    let place = this.#places.get(site);
    if (place === undefined) {
      place = { n: 0, code: hashSeed(0, site) };
      this.#places.set(site, place);
    }
    return place;
  }
}
