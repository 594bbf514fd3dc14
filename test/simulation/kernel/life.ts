import type { Gate, Site } from '../../../src/adapters/memory/gate.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Ids } from '../../../src/ports/ids.ts';
import type { Random } from '../../../src/ports/random.ts';
import type { Kernel } from './kernel.ts';
import { hashSeed, unit } from './random.ts';
import { type Bearer, clockOf, idsOf, randomOf } from './self.ts';
import { type Caller, Wire } from './wire.ts';

/** How far clocks are from the right time, when nobody has set them wrong. */
export const SKEW_MS_MAX = 8_000;

/** What outlives a life: whose incarnation it is. */
export interface Owner {
  readonly kernel: Kernel;
  readonly name: string;
  readonly mortal: boolean;
  /** Whether what it calls lives in it. */
  readonly inside: boolean;
  skewMs: number;
}

/** One incarnation of an actor: the gate of its calls, its clock, ids and chance. */
export class Life implements Gate, Bearer, Caller {
  readonly kernel: Kernel;
  /** Such as `runner-1.3`: the third incarnation. */
  readonly name: string;
  readonly hash: number;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  alive = true;
  /** Virtual ms until when it stands still. */
  frozenUntil = 0;
  readonly #owner: Owner;
  readonly #wire: Wire;
  readonly #onDeath = new Set<() => void>();
  /** What fell due while it stood still, in that order. */
  readonly #late: (() => void)[] = [];

  constructor(owner: Owner, incarnation: number) {
    this.#owner = owner;
    this.kernel = owner.kernel;
    this.name = `${owner.name}.${incarnation}`;
    this.hash = hashSeed(this.kernel.options.seed, this.name);
    this.#wire = new Wire(this);
    this.clock = clockOf(this);
    this.ids = idsOf(this, this.clock);
    this.random = randomOf(this);
    if (owner.mortal) this.#scheduleTroubles();
  }

  get inside(): boolean {
    return this.#owner.inside;
  }

  get skewMs(): number {
    return this.#owner.skewMs;
  }

  die(why: string): void {
    if (!this.alive) return;
    this.say(`DIES ${why}`);
    this.end();
  }

  /** From now on nothing comes to it any more. */
  end(): void {
    this.alive = false;
    for (const call of this.#onDeath) call();
    this.#onDeath.clear();
  }

  onDeath(call: () => void): () => void {
    this.#onDeath.add(call);
    return () => this.#onDeath.delete(call);
  }

  /** Stands still for so long: it hears no answer and no timer, and its clock goes on. */
  freeze(ms: number): void {
    this.frozenUntil = Math.max(this.frozenUntil, this.kernel.time + ms);
    this.say(`FREEZES for ${(ms / 1000).toFixed(1)} s`);
  }

  /** Calls back after `ms`: when it stands still, once it moves again; when it is dead, never. */
  settle(ms: number, call: () => void): void {
    this.kernel.after(ms, () => this.whenAwake(call));
  }

  whenAwake(call: () => void): void {
    if (!this.alive) return;
    if (this.frozenUntil <= this.kernel.time && this.#late.length === 0) call();
    else if (this.#late.push(call) === 1) this.#thawLater();
  }

  #thawLater(): void {
    this.kernel.at(Math.max(this.frozenUntil, this.kernel.time), () => this.#thaw());
  }

  /** One at a time, so that what follows from one is done before the next; any of them may freeze it again. */
  #thaw(): void {
    if (!this.alive) return;
    const call = this.frozenUntil > this.kernel.time ? undefined : this.#late.shift();
    if (this.#late.length > 0) this.#thawLater();
    call?.();
  }

  pass<T>(site: Site, apply: () => T, about: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#wire.send({ site, about, apply, resolve, reject });
    });
  }

  passEach<T>(
    site: Site,
    count: number,
    apply: (index: number) => T,
    about: unknown,
  ): Promise<T[]> {
    const results: T[] = new Array(count);
    const some = (from: number, to: number): T[] => {
      for (let i = from; i < to; i++) results[i] = apply(i);
      return results;
    };
    return new Promise((resolve, reject) => {
      const many = { count, some };
      this.#wire.send({ site, about, apply: () => some(0, count), resolve, reject, many });
    });
  }

  wait(ms: number, listen: (wake: () => void) => () => void): Promise<void> {
    return new Promise((resolve) => {
      let over = false;
      const end = () => {
        if (over) return;
        over = true;
        stop();
        forget();
        this.whenAwake(resolve);
      };
      const stop = listen(end);
      const forget = this.onDeath(() => {
        over = true;
        stop();
      });
      this.kernel.after(ms, end);
    });
  }

  /** A line in the trace, if there is one. */
  say(what: string): void {
    const { trace, time } = this.kernel;
    if (trace.lines) trace.line(time, this.name, what);
  }

  #scheduleTroubles(): void {
    const { luck } = this.kernel;
    this.#trouble('kill', 0, () => this.die('killed'));
    this.#trouble('freeze', 0, () =>
      this.freeze(200 + luck.draw(`frozen ${this.name}`) ** 2 * 120_000),
    );
    this.#trouble('jump', 0, () => this.#jump());
  }

  /** Its clock is wrong by up to an hour, until somebody sets it right: at the latest when nothing goes wrong any more. */
  #jump(): void {
    const { kernel } = this;
    const owner = this.#owner;
    const before = owner.skewMs;
    owner.skewMs = (kernel.luck.draw(`jump ${this.name}`) * 2 - 1) * 3_600_000;
    this.say(`CLOCK now ${(owner.skewMs / 1000).toFixed(0)} s ahead`);
    kernel.after(kernel.options.faultsUntil - kernel.time, () => {
      owner.skewMs = Math.abs(before) > SKEW_MS_MAX ? 0 : before;
    });
  }

  /** Strikes again and again, at times that are as random as the decay of atoms. */
  #trouble(fault: 'kill' | 'freeze' | 'jump', n: number, strike: () => void): void {
    const { kernel } = this;
    const rate = kernel.luck.rates[fault] / 60_000;
    if (rate === 0) return;
    const roll = unit(hashSeed(kernel.options.seed, `${fault} ${this.name} ${n}`));
    kernel.after(-Math.log(1 - roll) / rate, () => {
      if (!this.alive || kernel.time >= kernel.options.faultsUntil) return;
      if (kernel.luck.allows(fault, this.name, n)) strike();
      this.#trouble(fault, n + 1, strike);
    });
  }
}
