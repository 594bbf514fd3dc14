/** How many runners a pool has: the adapter to what starts and stops them (processes, ECS, a data centre's API). */
export interface Provisioner {
  read(pool: string): Promise<{ readonly wanted: number; readonly running: number }>;
  /** Asks for `runners`; they come and go later. Surplus runners drain before they end. */
  set(pool: string, runners: number): Promise<void>;
}
