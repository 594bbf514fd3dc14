import { createDecider } from '../src/engine/create-engine.ts';
import { judgeDead } from '../src/engine/dead-letters.ts';
import { sweepRunners, sweepRuns } from '../src/engine/sweep.ts';
import { deployment } from './shared/deployment.ts';
import { entry } from './shared/entry.ts';
import { logInfo, logStuck } from './shared/log.ts';
import { startScheduled } from './shared/starts.ts';

const deployed = deployment();
const { ports, settings, metrics } = deployed;
const { decider } = createDecider(ports, settings);

/** Starts what is due, and finds runners that are gone, runs that did not move, and dead letters. */
export const handler = entry(metrics, async () => {
  await Promise.all([startScheduled(deployed), mend()]);
});

/** Expected: nothing to mend. */
async function mend(): Promise<void> {
  const runners = await sweepRunners(decider);
  const { stuck, ...repairs } = await sweepRuns(decider);
  const dead = await judgeDead(ports, settings);
  logStuck(stuck);
  metrics.count('RunsStuck', stuck.length);
  metrics.count('Repairs', runners + repairs.resent + repairs.lost);
  metrics.count('DeadLetters', dead.letters);
  if (runners + repairs.resent + repairs.lost + dead.letters > 0)
    logInfo('swept', { lostWithRunners: runners, ...repairs, stuck: stuck.length, dead });
}
