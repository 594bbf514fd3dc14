import type { EngineSettings } from '../../../src/engine/settings.ts';
import type { Aim } from '../kernel/aim.ts';
import type { Stream } from '../kernel/random.ts';
import type { Taste } from './draw-workflow.ts';
import type { Temper } from './fates.ts';

/** What users, or worse, do to a run again and again. */
export type Habit = 'pauses' | 'cancels' | 'spoils';

/**
 * A situation that engines break in, which chance alone meets too seldom: workflows, settings and habits that bring it
 * about, and the calls whose bad luck it wants. What is not said is drawn as everywhere.
 */
export interface Focus {
  readonly name: string;
  readonly taste?: Partial<Taste>;
  readonly temper?: Partial<Temper>;
  readonly settings?: (stream: Stream) => Partial<EngineSettings>;
  readonly runsMax?: number;
  readonly habit?: Habit;
  /** How many runners are told to drain. */
  readonly drained?: number;
  /** Some of these. */
  readonly targets: readonly Target[];
}

type Target = readonly [site: string, about: string, ...faults: Aim['fault'][]];

const claims: Target = ['table.put', 'CLAIM#', 'crash-before', 'crash-after', 'slow', 'throttle'];
const packs: Target = ['table.put', 'PACK#', 'crash-before', 'crash-after', 'slow', 'slow-answer'];
const beats: Target = ['table.put', 'RUNNERS#', 'slow', 'straggler', 'throttle', 'crash-after'];
const spawns: Target = ['table.put', 'SPAWN#', 'crash-after', 'slow', 'ambiguous', 'straggler'];
const progress: Target = ['table.put', 'PROGRESS#', 'slow', 'crash-after', 'slow-answer', 'torn'];
const metas: Target = ['table.put', 'META', 'slow', 'crash-after', 'slow-answer', 'straggler'];
const reads: Target = ['table.get', '', 'slow', 'slow-answer'];
const claimReads: Target = ['table.query', 'CLAIM#', 'slow', 'slow-answer'];
const sends: Target = ['queue.send', '', 'crash-before', 'crash-after', 'throttle', 'ambiguous'];
const batches: Target = ['feed.batch', '', 'slow'];

const plain = { rules: 0, maps: 0, nothings: 0, deliveries: 0, mayFail: 0 };

export const foci: readonly Focus[] = [
  {
    name: 'chains',
    taste: { ...plain, shapes: ['chain'], tasksMin: 5, tasksMax: 12, limits: 0.1, fragile: 0.2 },
    temper: { fails: 0.1, kills: 0.05, zombies: 0.1, spawns: 0.05, durationMsMax: 10_000 },
    settings: (stream) => ({
      followMax: 16,
      ...(stream.chance(0.5) && { chunkSize: stream.int(2, 4), smallRunTasks: 1 }),
    }),
    runsMax: 6,
    targets: [claims, claims, packs, beats, reads, progress],
  },
  {
    // Runs that are small, and yet have sub-tasks in chunks of their own.
    name: 'spills',
    taste: { ...plain, tasksMax: 5, maps: 0.5 },
    temper: { fails: 0.1, spawns: 0.6, kills: 0.02, zombies: 0.02, durationMsMax: 60_000 },
    settings: (stream) => {
      const chunkSize = stream.int(2, 6);
      const smallRunTasks = stream.chance(0.6) ? chunkSize : 1;
      return { chunkSize, smallRunTasks, wakeMs: stream.int(2, 10) * 1_000 };
    },
    runsMax: 5,
    targets: [metas, progress, spawns, reads, claimReads, claimReads, batches],
  },
  {
    name: 'pauses',
    taste: { maps: 0.1, tasksMax: 30 },
    temper: { fails: 0.1, kills: 0, zombies: 0, durationMsMax: 60_000 },
    settings: (stream) => ({ chunkSize: stream.int(2, 6), smallRunTasks: 1 }),
    habit: 'pauses',
    targets: [metas, progress, reads, batches],
  },
  {
    name: 'cancels',
    taste: { finals: 0.9, tasksMax: 8, mayFail: 0.3 },
    temper: { kills: 0.02, zombies: 0.02, durationMsMax: 60_000 },
    habit: 'cancels',
    targets: [metas, progress, packs, reads],
  },
  {
    // Back-off beyond what a queue can delay.
    name: 'waits',
    taste: { ...plain, retries: 1, waits: 0.6, tasksMax: 3, limits: 0 },
    temper: { fails: 0.7, always: 0.2, kills: 0, zombies: 0, durationMsMax: 1_000 },
    targets: [sends, packs, batches],
  },
  {
    name: 'spoils',
    taste: { tasksMax: 30 },
    temper: { kills: 0.01, zombies: 0.01, durationMsMax: 10_000 },
    habit: 'spoils',
    targets: [batches, progress, metas, reads],
  },
  {
    name: 'bundles',
    taste: { ...plain, shapes: ['loose', 'fan', 'layers'], tasksMax: 16, calls: true },
    temper: { fails: 0.1, kills: 0.1, zombies: 0.05, spawns: 0, durationMsMax: 10_000 },
    settings: (stream) => ({ bundleMax: stream.int(2, 16) }),
    targets: [claims, beats, packs, sends],
  },
  {
    // So many small runs that packs are of several.
    name: 'crowds',
    taste: { tasksMax: 5 },
    temper: { kills: 0.05, zombies: 0.05, durationMsMax: 1_000 },
    runsMax: 12,
    targets: [
      ['table.put', 'MIX#', 'crash-after', 'slow', 'ambiguous', 'throttle'],
      beats,
      batches,
    ],
  },
  {
    // Messages come again before their runners' leases have lapsed.
    name: 'lapses',
    taste: { ...plain, tasksMax: 10 },
    temper: { kills: 0.15, zombies: 0.15, durationMsMax: 60_000 },
    settings: (stream) => ({
      leaseMs: 20_000,
      heartbeatMs: stream.int(500, 3_000),
      visibilityMs: 25_000,
    }),
    targets: [claims, claims, beats, packs, reads],
  },
  {
    name: 'drains',
    taste: { tasksMax: 10, deliveries: 1, limits: 0 },
    temper: { kills: 0.02, zombies: 0.02, durationMsMax: 300_000 },
    drained: 0.8,
    targets: [packs, packs, beats, claims],
  },
];

export const drawFocus = (seed: Stream): Focus => seed.pick(foci);

const AIMS_MAX = 3;

export function drawAims(stream: Stream, { targets }: Focus): readonly Aim[] {
  return Array.from({ length: stream.int(1, AIMS_MAX) }, (): Aim => {
    const [site, about, ...faults] = stream.pick(targets);
    return { site, about, fault: stream.pick(faults), rate: 0.05 + 0.55 * stream.next() ** 2 };
  });
}
