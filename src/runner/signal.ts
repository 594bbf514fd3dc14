/** Wakes one waiter. A call to `fire` while nobody waits is not lost: the next wait returns at once. */
export class Signal {
  #fired = false;
  #waiter: (() => void) | undefined;

  fire(): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter) waiter();
    else this.#fired = true;
  }

  wait(): Promise<void> {
    if (this.#fired) {
      this.#fired = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#waiter = resolve;
    });
  }
}
