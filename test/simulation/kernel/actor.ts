import { Unavailable } from '../../../src/ports/table.ts';
import type { Kernel } from './kernel.ts';
import { Life, SKEW_MS_MAX } from './life.ts';

export interface ActorOptions {
  /** Whether faults may kill and freeze it. Default: true. */
  readonly mortal?: boolean;
  /** Whether it comes back after its death, or when its main threw. Default: true. */
  readonly restarts?: boolean;
  readonly startsAfterMs?: number;
  /** Whether what it calls lives in it, so that nothing of its calls is done when it is dead. Default: false. */
  readonly inside?: boolean;
  /** What its main threw that was not `Unavailable`. Default: a violation. */
  readonly onThrow?: (error: unknown, life: Life) => void;
}

const RESTART_MS_MAX = 20_000;

/**
 * A process that can die between any two calls of ports and comes back as a new incarnation, which knows nothing of the
 * one before. What a dead one waited for never comes; what it had sent may still arrive.
 */
export class Actor {
  readonly kernel: Kernel;
  readonly name: string;
  readonly mortal: boolean;
  readonly inside: boolean;
  readonly #main: (life: Life) => Promise<void>;
  readonly #options: ActorOptions;
  life: Life | undefined;
  incarnations = 0;
  skewMs: number;
  #retired = false;

  constructor(
    kernel: Kernel,
    name: string,
    main: (life: Life) => Promise<void>,
    options: ActorOptions = {},
  ) {
    this.kernel = kernel;
    this.name = name;
    this.mortal = options.mortal ?? true;
    this.inside = options.inside ?? false;
    this.#main = main;
    this.#options = options;
    const skew = kernel.luck.draw(`skew ${name}`) * 2 - 1;
    this.skewMs = kernel.options.calm ? 0 : skew * SKEW_MS_MAX;
    kernel.after(options.startsAfterMs ?? 0, () => this.#live());
  }

  /** Ends its life, if it has one. It comes back unless it does not restart. */
  kill(why: string): void {
    this.life?.die(why);
  }

  /** It does not come back, and dies now. */
  retire(why: string): void {
    this.#retired = true;
    this.kill(why);
  }

  #live(): void {
    if (this.#retired) return;
    const life = new Life(this, ++this.incarnations);
    this.life = life;
    life.onDeath(() => this.#again());
    life.say('starts');
    this.#main(life).then(
      () => this.#finished(life),
      (error) => this.#threw(error, life),
    );
  }

  #finished(life: Life): void {
    this.#retired = true;
    life.end();
  }

  #threw(error: unknown, life: Life): void {
    if (!(error instanceof Unavailable)) {
      if (this.#options.onThrow) this.#options.onThrow(error, life);
      else {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.kernel.violate('exception', `${life.name}: ${text}`);
      }
    }
    life.die(`its main threw ${error instanceof Error ? error.message : error}`);
  }

  #again(): void {
    this.life = undefined;
    if (this.#retired || this.#options.restarts === false) return;
    const roll = this.kernel.luck.draw(`restart ${this.name}`);
    this.kernel.after(50 + roll ** 3 * RESTART_MS_MAX, () => this.#live());
  }
}
