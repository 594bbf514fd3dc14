import type { Scenario } from '../kernel/scenario.ts';
import { circumstances, withRelations } from './relations.ts';
import { type EngineOptions, engineScenario } from './scenario.ts';

/** A profile, whether repair is on, and whether messages and feed records are lost, which only repair can heal. */
export const allModes = ['cloud off', 'cloud on', 'cloud lossy', 'embedded off', 'embedded on'];

/** In these, each seed is about one situation that engines break in, and its bad luck is aimed at the calls that matter. */
export const aimedModes = ['cloud off aimed', 'cloud on aimed'];

/** In these, each seed has favourite places in the code, where processes die at every other call. */
export const censusModes = ['cloud census', 'embedded census'];

const ownModes: Readonly<Record<string, readonly string[]>> = {
  census: censusModes,
  aimed: aimedModes,
};

export function modesOf(repair: string, profile: string): readonly string[] {
  return (ownModes[repair] ?? allModes).filter((mode) => {
    const [which = '', how, aim] = mode.split(' ');
    const named = repair === how || repair === aim;
    const fits = repair === 'both' || (repair === 'off') === (how === 'off') || named;
    return fits && (profile === 'all' || profile === which);
  });
}

export function scenarioOf(mode: string): Scenario {
  const [profile, how, aim] = mode.split(' ');
  const lossy = { ratesMax: { 'queue-lost': 0.3, 'feed-discarded': 0.5 } };
  const options: EngineOptions = {
    profile: profile === 'embedded' ? 'embedded' : 'cloud',
    repair: how !== 'off',
    ...(aim === 'aimed' && { aimed: true }),
  };
  const scenario = engineScenario({ ...options, ...(how === 'lossy' && lossy) });
  if (how !== 'census') return withRelations(scenario, options);
  return {
    name: scenario.name,
    play: (seed, options) => scenario.play(seed, { ...options, crashSites: true }),
  };
}

export interface RangeResult {
  readonly runs: number;
  readonly events: number;
  /** Virtual ms. */
  readonly time: number;
  readonly counts: readonly (readonly [name: string, count: number])[];
  readonly violations: readonly {
    readonly mode: string;
    readonly seed: number;
    readonly promise: string;
    readonly message: string;
  }[];
}

/** Plays seeds one after the other, up to the first that breaks a promise. */
export async function playRange(mode: string, from: number, seeds: number): Promise<RangeResult> {
  const scenario = scenarioOf(mode);
  const counts = new Map<string, number>();
  const violations: RangeResult['violations'][number][] = [];
  let [runs, events, time] = [0, 0, 0];
  for (let seed = from; seed < from + seeds && violations.length === 0; seed++) {
    const report = await scenario.play(seed, {});
    runs++;
    events += report.events;
    time += report.time;
    for (const [name, count] of report.counters.entries())
      counts.set(name, (counts.get(name) ?? 0) + count);
    if (report.violation) violations.push({ mode, seed, ...report.violation });
  }
  return { runs, events, time, counts: [...counts], violations };
}

/** What a batch of some thousands must have met; else it proves less than it says. */
export const sometimes: readonly string[] = [
  'ambiguous',
  'throttle',
  'straggler',
  'crash-before',
  'crash-after',
  'partial',
  'torn',
  'slow',
  'slow-answer',
  'kill',
  'freeze',
  'jump',
  'outage',
  'unsynced-lost',
  'a relaxed put was lost',
  'met an outage',
  'queue-doubled',
  'queue-kept',
  'queue-late',
  'queue-shuffled',
  'feed-again',
  'feed-late',
  'feed-shuffled',
  'index-late',
  'page-cut',
  'a batch was refused',
  'a chain went on',
  'a run was run again',
  'a run was resumed',
  'a run was submitted twice',
  'another run with that id was refused',
  'an attempt kills its runner',
  'an attempt makes its runner stand still',
  'an attempt is over its time limit',
  'a runner was drained',
  'an attempt was handed back at work',
  'an attempt ran twice',
  'an attempt was declared lost',
  'cancel was answered',
  'cancel was refused: run-ended',
  'pause was answered',
  'resume was answered',
  'rerun was answered',
  'rerun was refused: run-contended',
  'lapsed lease',
  'dead letter',
  'dead letter: sent again',
  'dead letter: lost',
  'a stale report was refused',
  'a claim was refused',
  'a run was changed by another decider',
  'progress was changed by another decider',
  'a map was expanded twice',
  'a loss was declared twice',
  'a bad record was set aside',
  'a request was made again under its key',
  'a cancel met the end',
  'pause was refused: run-ended',
  'resume was refused: run-ended',
  'an attempt was handed back',
  'repair: visited',
  'repair: resent',
  'repair: lost',
  'queue-lost',
  'feed-discarded',
  'expiry-late',
  'a run was archived',
  'an archived run has left the table',
  ...Object.keys(circumstances).map((name) => `no matter: ${name}`),
  'a run of several generations was explained',
  'a cancelled run was explained',
  'a run that was touched came to what was foreseen',
];
