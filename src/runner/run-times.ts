const SAMPLES_MIN = 8;

/** How long runs of one kind take: a high quantile of the recent ones, one in twenty is above it. */
export class RunTimes {
  highMs = 0;
  #samples = 0;
  #shortMs: number;

  /** One that is longer than `shortMs`, and far longer than others were, counts in full. */
  constructor(shortMs: number) {
    this.#shortMs = shortMs;
  }

  /** Whether enough of them were seen to tell. */
  get known(): boolean {
    return this.#samples >= SAMPLES_MIN;
  }

  /** One took `ms`. The quantile goes up fast and down slowly. */
  learn(ms: number): void {
    this.#samples += 1;
    if (this.#samples <= SAMPLES_MIN) this.highMs = Math.max(this.highMs, ms);
    else if (ms <= this.highMs) this.highMs *= 0.99;
    else if (ms > this.#shortMs && ms > this.highMs * 20) this.highMs = ms;
    else this.highMs *= 1.2;
  }

  /** One has been running for `ms`, and goes on. */
  sees(ms: number): void {
    this.highMs = Math.max(this.highMs, ms);
  }
}
