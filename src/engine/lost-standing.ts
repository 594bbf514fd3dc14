import { attemptOf, codeOf, endedBy, sourceOf, triesOf } from '../core/progress.ts';
import { codes } from '../core/status.ts';
import type { LoadedRun } from './loaded-run.ts';

/** `counts`: it ended its attempt. `overtaken`: something else did, most often a report that came in time. */
export type LostStanding = 'counts' | 'overtaken' | 'open';

/** How the happening `source`, that an attempt is lost, stands in what was decided. */
export function lostStanding(
  { progress }: LoadedRun,
  source: string,
  { task, attempt }: { readonly task: number; readonly attempt: number },
): LostStanding {
  if (task >= progress.graph.size || attempt > attemptOf(progress, task)) return 'open';
  if (attempt < attemptOf(progress, task)) {
    const by = endedBy(triesOf(progress, task), attempt);
    return by === undefined || by === source ? 'counts' : 'overtaken';
  }
  const code = codeOf(progress, task);
  if (code === codes.waiting || code === codes.backoff) return 'open';
  return sourceOf(progress, task) === source ? 'counts' : 'overtaken';
}
