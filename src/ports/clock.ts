export interface Clock {
  /** Epoch ms. Trusted for lateness only, never for safety. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
