import type { Counters } from './counters.ts';
import type { Violation } from './kernel.ts';

/** What one play of a seed came to. */
export interface Report {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly events: number;
  /** Virtual ms. */
  readonly time: number;
  readonly digest: string;
  readonly counters: Counters;
  /** What could have been left out: see `PlayOptions`. Coarse ones first. */
  readonly parts: readonly string[];
  /** What became of each thing that the scenario tells apart, when all was done. */
  readonly outcomes?: ReadonlyMap<string, string>;
  /** Only when asked for. */
  readonly trace: readonly string[] | undefined;
}

export interface PlayOptions {
  /** Parts of an earlier report that are to be left out: kinds of faults, actors, tasks, single faults. */
  readonly dropped?: ReadonlySet<string>;
  readonly trace?: boolean;
  /** Whether the report's parts name each fault that struck. */
  readonly listFaults?: boolean;
  /** Whether processes die most at some places in the code, others for each seed, and the counters say where. */
  readonly crashSites?: boolean;
}

/** A world that can be played from a seed, always the same way. */
export interface Scenario {
  readonly name: string;
  play(seed: number, options: PlayOptions): Promise<Report>;
}
