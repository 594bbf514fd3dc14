/** What is alike for every policy. */
export interface World {
  readonly slots: number;
  readonly startUpS: number;
  /** Launches that the cloud grants: so many at once, and so many more each second. */
  readonly launchBurst: number;
  readonly launchesPerS: number;
  /** Each runner is billed from its launch to its end, and at least this long. */
  readonly billedMinS: number;
  readonly runnersMax: number;
  readonly seed: number;
}
