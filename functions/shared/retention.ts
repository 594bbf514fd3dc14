import { blobMs } from '../../src/engine/retention.ts';
import type { Retention } from '../../src/engine/settings.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export interface RetentionDays {
  /** From a run's end until it is archived. */
  readonly archiveAfterDays: number;
  /** From then on. */
  readonly keepDays: number;
}

/** SQS keeps a message for up to 14 days, so its run's items stay a day longer. */
const itemsDays = 15;

export const retentionOf = ({ archiveAfterDays, keepDays }: RetentionDays): Retention => ({
  archiveMs: archiveAfterDays * dayMs,
  // Each part costs a request, so that few runs a day are packed by the quarter of a day.
  lingerMs: 6 * hourMs,
  itemsMs: itemsDays * dayMs,
  keepMs: keepDays * dayMs,
});

/** After how many days the bucket may remove blobs and logs. */
export const objectDays = (days: RetentionDays): number =>
  Math.ceil(blobMs(retentionOf(days)) / dayMs);
