import {
  defaultSettings,
  type EngineSettings,
  type Retention,
} from '../../../src/engine/settings.ts';
import type { Stream } from '../kernel/random.ts';
import type { World } from '../world.ts';

/** `cloud`: many processes, each with its own clock. `embedded`: one process that decides, runs and forgets its queue. */
export type ProfileName = 'cloud' | 'embedded';

/** How one seed's engine is set up. */
export interface Profile {
  readonly name: ProfileName;
  readonly settings: EngineSettings;
  readonly lingerMs: number;
  readonly controlMs: number;
  readonly waitMs: number;
  readonly takeMax: number;
  /** Between two rounds of the sweep. */
  readonly sweepMs: number;
  /** For how long the world goes on when all has ended: what comes late must do no harm. */
  readonly afterMs: number;
}

/** Clocks are up to 8 s from the right time, so two of them up to 16 s from each other. */
const SKEW_MS = 16_000;

/** Half of the seeds have several chunks to a run, and progress beside META. */
export function drawProfile(world: World, name: ProfileName): Profile {
  const stream = world.stream('profile');
  const chunked = stream.chance(0.5);
  const embedded = name === 'embedded';
  const leaseMs = embedded ? 20_000 : stream.int(20, 60) * 1_000;
  const settings: EngineSettings = {
    ...defaultSettings,
    soleDecider: embedded,
    shards: embedded || stream.chance(0.7) ? 1 : 2,
    chunkSize: chunked ? stream.int(4, 8) : 1024,
    smallRunTasks: chunked ? 3 : 128,
    bundleMax: stream.int(1, 8),
    followMax: stream.chance(0.2) ? 0 : stream.int(1, 16),
    // In some worlds most outputs lie in blobs, and travel by reference.
    inlineOutputBytes: stream.chance(0.15) ? 16 : defaultSettings.inlineOutputBytes,
    wakeMs: 60_000,
    leaseMs,
    heartbeatMs: embedded ? 2_000 : Math.floor(leaseMs / 3),
    skewMs: embedded ? 2_000 : SKEW_MS,
    visibilityMs: embedded ? 30_000 : leaseMs + stream.int(5, 30) * 1_000,
    ...world.focus?.settings?.(stream),
  };
  const retention = world.repair && stream.chance(0.05) ? drawRetention(stream) : undefined;
  return {
    name,
    settings: { ...settings, retention },
    lingerMs: embedded || stream.chance(0.5) ? 0 : 50,
    controlMs: stream.int(1, 5) * 1_000,
    waitMs: stream.int(5, 20) * 1_000,
    takeMax: stream.int(1, 20),
    sweepMs: embedded ? 1_000 : stream.int(3, 10) * 1_000,
    afterMs: (stream.chance(0.2) ? 150_000 : 5_000) + (retention ? drawArchivingMs(stream) : 0),
  };
}

/**
 * Whoever archives visits runs, too: otherwise what open ones rest on would vanish. Clocks jump by up to an hour, so what
 * must outlive messages is given longer.
 */
const drawRetention = (stream: Stream): Retention => ({
  archiveMs: stream.int(60, 180) * 1_000,
  lingerMs: stream.chance(0.5) ? 0 : 30_000,
  itemsMs: 9_000_000,
  keepMs: 86_400_000,
});

/** Most often until runs are archived; now and then until they have left the table. */
const drawArchivingMs = (stream: Stream): number =>
  stream.chance(0.3) ? stream.int(9_000, 12_000) * 1_000 : stream.int(10, 900) * 1_000;
