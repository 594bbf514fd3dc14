import type { CapacityEnv } from '../functions/shared/env.ts';
import type { DatacenterPoolSettings, FargatePoolSettings } from './pool-settings.ts';

/** From asking Fargate for a task until it takes messages, about; and what it bills at least. */
const startUpMs = 40_000;
const billedMsMin = 60_000;
/** What an account may launch, at once and each second; its pools share it. */
const launches = { burst: 100, perSecond: 20 };
/** us-east-1, 2026-08-12, for a CPU and for a GB, an hour. Only what runners cost to each other matters. */
const prices = { arm64: [0.03238, 0.00356], x64: [0.04048, 0.004445] } as const;
/** What an hour of waiting is worth, in hours of a runner. */
const lateHours = 6;

/** What is declared of a pool, for the decision how many runners it wants. */
export function capacityOf(
  settings: FargatePoolSettings | DatacenterPoolSettings,
  pools: number,
): CapacityEnv {
  if (settings.kind === 'datacenter') return elsewhere(settings);
  const { cpu, memoryMb, architecture, runnersMin, runnersMax, slots } = settings;
  const [cpuHour, gbHour] = prices[architecture];
  const runnerHour = (cpu / 1024) * cpuHour + (memoryMb / 1024) * gbHour;
  return {
    runnersMin,
    runnersMax,
    slots,
    startUpMs,
    acceptableMs: settings.acceptableSeconds * 1000,
    serviceMsGuess: settings.taskSeconds * 1000,
    launches: {
      burst: Math.max(1, Math.floor(launches.burst / pools)),
      perSecond: launches.perSecond / pools,
    },
    billedMsMin,
    price: { runnerHour, lateHour: lateHours * runnerHour },
  };
}

/** Machines of one's own are billed by nobody, and started all at once. */
function elsewhere(settings: DatacenterPoolSettings): CapacityEnv {
  const { runnersMin, runnersMax, slots, runnerHour } = settings;
  return {
    runnersMin,
    runnersMax,
    slots,
    startUpMs: settings.startUpSeconds * 1000,
    acceptableMs: settings.acceptableSeconds * 1000,
    serviceMsGuess: settings.taskSeconds * 1000,
    launches: { burst: runnersMax, perSecond: runnersMax },
    billedMsMin: 0,
    price: { runnerHour, lateHour: lateHours * runnerHour },
  };
}
