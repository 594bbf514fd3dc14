/** What this process can tell of itself. */
import type { ServerSelf } from '../api/route.ts';
import { createMetrics } from './metrics/metrics.ts';
import type { Tally } from './metrics/tally.ts';
import { createServerViews, type ServerViews, type Watched } from './server-view.ts';

type Sources = Parameters<typeof createMetrics>[0];

interface SelfParts extends Watched, Pick<Sources, 'queue'> {
  readonly tally: Tally;
}

export interface Self {
  readonly views: ServerViews;
  readonly server: ServerSelf;
}

export function createSelf(parts: SelfParts): Self {
  const views = createServerViews(parts);
  const { tally, queue, engine, decider } = parts;
  const metrics = createMetrics({
    tally,
    queue,
    runners: engine.runners,
    stuck: () => decider.stuck.all().length,
    now: decider.ports.clock.now,
  });
  return { views, server: { view: views.look, metrics } };
}
