/** Time, as the far side of a port has it: the servers' own, not the callers'. */
export interface Host {
  /** Epoch ms. */
  now(): number;
  after(ms: number, call: () => void): void;
}

/** Real time. Timers do not keep the process alive. */
export const systemHost: Host = {
  now: () => Date.now(),
  after(ms, call) {
    if (ms <= 0) setImmediate(call);
    else setTimeout(call, ms).unref();
  },
};
