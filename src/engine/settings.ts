/** How long runs stay that have ended. Lengths of time in ms. */
export interface Retention {
  /** A run that ended so long ago is archived. */
  readonly archiveMs: number;
  /** For how long the oldest run that could be archived waits for others to be archived with it. */
  readonly lingerMs: number;
  /** For how long an archived run's items stay in the table: longer than any message about it, and any reader of it. */
  readonly itemsMs: number;
  /** For how long an archived run can be read. */
  readonly keepMs: number;
}

/** What a deployment may choose. Lengths of time in ms. */
export interface EngineSettings {
  /** Begins every partition key. */
  readonly namespace: string;
  /** Over how many partitions spread what all runners, or all runs, write: at most 16. Never changed later. */
  readonly shards: number;
  /** Tasks to a chunk of progress. */
  readonly chunkSize: number;
  /** Runs up to this many tasks keep their progress in their META item. */
  readonly smallRunTasks: number;
  /** How many tasks of one type travel in one message, at most, when calls of it are short. */
  readonly bundleMax: number;
  /** How many tasks a runner may go on with after one, without the decider. 0: none. */
  readonly followMax: number;
  /** Only this process decides: nobody else changes progress, so what is cached is current. */
  readonly soleDecider: boolean;
  /** Runners are on the machine of who submits, and see the folders there. */
  readonly codeFolders: boolean;
  /** A run that did not move for so long is visited by `sweep`. */
  readonly wakeMs: number;
  /** An output up to this size (JSON bytes) lies in its report, a larger one in a blob. */
  readonly inlineOutputBytes: number;
  /** Outputs and inputs beyond this size are refused. */
  readonly outputBytesMax: number;
  /** Runs kept in memory by a decider. */
  readonly cachedRuns: number;
  /** For how long a runner's heartbeat holds. */
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** How far clocks of different machines may be apart; leases are given that much more before they count as lapsed. */
  readonly skewMs: number;
  /** For how long a taken message is nobody else's; until then its runner must have reported or beaten. */
  readonly visibilityMs: number;
  /** What schedules start within so long is said to the queue; the sweep comes more often. */
  readonly scheduleAheadMs: number;
  /** A start that is later was missed. Longer than it takes to find one whose message was lost. */
  readonly scheduleGraceMs: number;
  /** Undefined: everything stays in the table. */
  readonly retention?: Retention | undefined;
}

export const defaultSettings: EngineSettings = {
  namespace: 'main',
  shards: 16,
  chunkSize: 1024,
  smallRunTasks: 128,
  bundleMax: 128,
  followMax: 64,
  soleDecider: false,
  codeFolders: false,
  wakeMs: 300_000,
  inlineOutputBytes: 4096,
  outputBytesMax: 16 * 1024 * 1024,
  cachedRuns: 20_000,
  leaseMs: 20_000,
  heartbeatMs: 6_000,
  skewMs: 2_000,
  visibilityMs: 30_000,
  scheduleAheadMs: 180_000,
  scheduleGraceMs: 240_000,
};
