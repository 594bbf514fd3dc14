import { createParts } from '../src/engine/archive-part.ts';
import { archiveRuns } from '../src/engine/archive-runs.ts';
import { createDecider } from '../src/engine/create-engine.ts';
import { renewPackages } from '../src/engine/packages.ts';
import { deployment } from './shared/deployment.ts';
import { entry } from './shared/entry.ts';
import { logInfo, logStuck } from './shared/log.ts';

const { ports, settings, metrics } = deployment();
const { decider } = createDecider(ports, settings);
const parts = createParts(ports.blobs);
/** What is left after so long is for the next invocation. */
const workMs = 12 * 60_000;

/** Takes runs that ended long ago out of the table, and keeps the code of packages. */
export const handler = entry(metrics, async () => {
  await renewPackages(ports, settings);
  const { stuck, ...archived } = await archiveRuns(decider, parts, ports.clock.now() + workMs);
  logStuck(stuck);
  metrics.count('RunsStuck', stuck.length);
  if (archived.runs > 0) logInfo('archived', archived);
});
