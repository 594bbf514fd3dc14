/** How many runs ended in each hour. */
import type { RunSummary } from '../../src/contract/api.ts';

export interface Hour {
  readonly from: number;
  succeeded: number;
  failed: number;
  cancelled: number;
}

export const hourMs = 3_600_000;

/** The last hours up to now, oldest first, the one that is not over included. */
export function endedByHour(runs: readonly RunSummary[], now: number, hours: number): Hour[] {
  const first = (Math.floor(now / hourMs) - hours + 1) * hourMs;
  const all = Array.from(
    { length: hours },
    (_, n): Hour => ({
      from: first + n * hourMs,
      succeeded: 0,
      failed: 0,
      cancelled: 0,
    }),
  );
  for (const { endedAt, state } of runs) {
    const hour = all[Math.floor(((endedAt ?? 0) - first) / hourMs)];
    if (hour === undefined || endedAt === undefined) continue;
    if (state === 'succeeded' || state === 'failed' || state === 'cancelled') hour[state]++;
  }
  return all;
}
