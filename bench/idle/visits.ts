import { retentionOf } from '../../functions/shared/retention.ts';
import type { CapacitySettings } from '../../src/core/capacity.ts';
import { createParts } from '../../src/engine/archive-part.ts';
import { archiveRuns } from '../../src/engine/archive-runs.ts';
import { createDecider } from '../../src/engine/create-engine.ts';
import { judgeDead } from '../../src/engine/dead-letters.ts';
import { scale } from '../../src/engine/scale.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import { sweepRunners, sweepRuns } from '../../src/engine/sweep.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { hoursInMonth } from './prices.ts';

/** What a function that is called by the clock asks AWS for, when there is nothing to do. */
export interface Visit {
  readonly timesInMonth: number;
  readonly readUnits: number;
  readonly queueRequests: number;
  readonly writeUnits: number;
}

/** By the schedule that calls it, and of `scale` by that word: of one pool. */
export type Visits = Readonly<Record<string, Visit>>;

/** What is empty is billed as one unit when it is read strongly, and as half of one from an index. */
const units = { strong: 1, index: 0.5 } as const;

const retention = retentionOf({ archiveAfterDays: 7, keepDays: 730 });
const someTime = Date.UTC(2026, 10);

/** Lets the real sweep and the real archivist look at an empty deployment, and counts what they ask for. */
export async function idleVisits(): Promise<Visits> {
  return {
    'rate(1 minute)': {
      timesInMonth: hoursInMonth * 60,
      ...(await counted(async (ports) => {
        const { decider } = createDecider(ports, defaultSettings);
        await sweepRunners(decider);
        await sweepRuns(decider);
        await judgeDead(ports, defaultSettings);
      })),
    },
    scale: {
      timesInMonth: hoursInMonth * 60,
      ...(await counted(async (ports) => {
        const { decider } = createDecider(ports, defaultSettings);
        await scale(decider, { pool: emptyPool });
      })),
    },
    'rate(1 hour)': {
      timesInMonth: hoursInMonth,
      ...(await counted(async (ports) => {
        const { decider } = createDecider(ports, { ...defaultSettings, retention });
        await archiveRuns(decider, createParts(ports.blobs), Number.POSITIVE_INFINITY);
      })),
    },
  };
}

const emptyPool: CapacitySettings = {
  ...{ runnersMin: 0, runnersMax: 1, slots: 1, startUpMs: 1, acceptableMs: 1, serviceMsGuess: 1 },
  ...{ launches: { burst: 1, perSecond: 1 }, billedMsMin: 0 },
  price: { runnerHour: 1, lateHour: 1 },
};

async function counted(
  work: (ports: Ports) => Promise<void>,
): Promise<Omit<Visit, 'timesInMonth'>> {
  let readUnits = 0;
  let writeUnits = 0;
  let queueRequests = 0;
  const read =
    <Found>(unit: number, found: Found) =>
    async () => {
      readUnits += unit;
      return found;
    };
  const none = { items: [], next: undefined };
  const ports = {
    table: {
      get: read(units.strong, undefined),
      getMany: async (keys: readonly unknown[]) => {
        readUnits += keys.length * units.strong;
        return keys.map(() => undefined);
      },
      query: read(units.strong, none),
      index: read(units.index, none),
      put: async () => {
        writeUnits++;
        return { done: true };
      },
    },
    queue: {
      take: async () => {
        queueRequests++;
        return [];
      },
      depth: async () => {
        queueRequests++;
        return { waiting: 0, inFlight: 0 };
      },
    },
    provisioner: { read: async () => ({ wanted: 0, running: 0 }), set: async () => undefined },
    clock: { now: () => someTime },
  } as unknown as Ports;
  await work(ports);
  return { readUnits, queueRequests, writeUnits };
}
