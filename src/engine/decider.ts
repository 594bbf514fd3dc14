import type { Ports } from '../ports/ports.ts';
import type { Outputs } from './outputs.ts';
import type { Runs } from './runs.ts';
import type { EngineSettings } from './settings.ts';
import type { StuckRuns } from './stuck-runs.ts';

/** All that deciding needs. */
export interface Decider {
  readonly ports: Ports;
  readonly settings: EngineSettings;
  readonly runs: Runs;
  readonly outputs: Outputs;
  readonly stuck: StuckRuns;
}
