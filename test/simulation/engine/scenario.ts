import type { PlayOptions, Scenario } from '../kernel/scenario.ts';
import { type WorldOptions, worldScenario } from '../world.ts';
import { checkRest, cloudCast, embeddedCast } from './cast.ts';
import type { ProfileName } from './profile.ts';

export interface EngineOptions extends Partial<WorldOptions> {
  readonly repair: boolean;
  readonly profile: ProfileName;
}

/** The real engine in a world of faults. */
export function engineScenario(options: EngineOptions): Scenario {
  const name = `engine ${options.profile}, repair ${options.repair ? 'on' : 'off'}`;
  const embedded = options.profile === 'embedded';
  return worldScenario(name, embedded ? embeddedCast : cloudCast, {
    // One process that dies takes all that is at work with it, and is back at once; its indexes are part of each put.
    ...(embedded && { lossesMax: 100 }),
    ...options,
    ...(embedded && { ratesMax: { 'index-late': 0, ...options.ratesMax } }),
    atRest: checkRest,
  });
}
export type { PlayOptions };
