export interface PoolSize {
  /** What was asked for last. */
  readonly wanted: number;
  /** Those that are there: they take tasks, or drain. */
  readonly running: number;
}

/** How many runners a pool has: the adapter to what starts and stops them (processes, ECS, a data centre's API). */
export interface Provisioner {
  /** Whole numbers, or none: throws `Unavailable` when what runs the pool says nothing that could be true. */
  read(pool: string): Promise<PoolSize>;
  /**
   * Asks for `runners`, and never for more than the pool may have. They come and go later; surplus runners drain before
   * they end. To ask again for the same changes nothing. Throws `RangeError` for what is no count.
   */
  set(pool: string, runners: number): Promise<void>;
}
