import type { PlayOptions, Report, Scenario } from '../kernel/scenario.ts';
import type { WorldOptions } from '../world.ts';
import { type EngineOptions, engineScenario } from './scenario.ts';

/** One in so many seeds is played in other circumstances, too. */
const EVERY = 50;

type Circumstances = Readonly<Record<string, Partial<WorldOptions>>>;

/** Circumstances that must not change what becomes of any task, nor by which attempt. */
export const circumstances: Circumstances = {
  'messages and records come twice': {
    calm: { 'queue-doubled': 0.6, 'queue-kept': 0.3, 'feed-again': 0.6 },
  },
  'messages and records come in another order': {
    calm: { 'queue-shuffled': 1, 'feed-shuffled': 1, 'feed-late': 0.3 },
  },
  'tasks have another order': { calm: true, shuffled: true },
  'all goes wrong, and no attempt is lost': {},
};

/** What of the outcomes of attempts depends on when things happen. */
const byChance = [
  'an attempt was declared lost',
  'an attempt was handed back',
  'an attempt waited too long',
];

/**
 * The scenario; of some seeds, the same work is also played with nothing going wrong, and then in circumstances that must
 * not matter: any difference is a violation.
 */
export const withRelations = (
  scenario: Scenario,
  options: EngineOptions,
  others = circumstances,
): Scenario => ({
  name: scenario.name,
  async play(seed, play) {
    const report = await scenario.play(seed, play);
    if (seed % EVERY !== 0 || report.violation) return report;
    const message = await differenceIn(seed, play, options, report, others);
    if (message === undefined) return report;
    return { ...report, violation: { promise: 'relation', message } };
  },
});

async function differenceIn(
  seed: number,
  { dropped }: PlayOptions,
  options: EngineOptions,
  { counters }: Report,
  others: Circumstances,
): Promise<string | undefined> {
  const playing = { ...(dropped && { dropped }) };
  const same = { ...options, deeds: false, disturbs: false };
  const calm = await engineScenario({ ...same, calm: true }).play(seed, playing);
  for (const [name, changed] of Object.entries(others)) {
    const other = await engineScenario({ ...same, ...changed }).play(seed, playing);
    const broken = other.violation ?? calm.violation;
    if (broken) return `when ${name}: ${broken.promise}: ${broken.message}`;
    if (byChance.some((chance) => other.counters.get(chance) > 0)) continue;
    counters.add(`no matter: ${name}`);
    const difference = differing(calm.outcomes, other.outcomes);
    if (difference !== undefined) return `when ${name}: ${difference}`;
  }
  return undefined;
}

function differing(
  calm: ReadonlyMap<string, string> = new Map(),
  other: ReadonlyMap<string, string> = new Map(),
): string | undefined {
  for (const id of new Set([...calm.keys(), ...other.keys()]))
    if (calm.get(id) !== other.get(id))
      return `${id} is ${other.get(id) ?? 'not there'}, and else ${calm.get(id) ?? 'not there'}`;
  return undefined;
}
