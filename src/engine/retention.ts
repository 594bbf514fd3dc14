import type { Item } from '../ports/table.ts';
import type { Retention } from './settings.ts';

/**
 * For how long claims and mixed packs stay that nobody renews: nobody removes them, since they are many, and a mixed pack is
 * many runs'. What a run rests on is at most half as old while it is open, and all the time that is left is more than it
 * takes to archive it.
 */
export const looseMs = ({ archiveMs, lingerMs, itemsMs }: Retention): number =>
  4 * (archiveMs + lingerMs + itemsMs);

/** An open run is visited at least as often, and all that it rests on written again, so that it stays. */
export const renewMs = (retention: Retention): number => looseMs(retention) / 4;

/** When an item vanishes that nobody removes; nothing if everything stays. */
export const looseExpiry = (
  retention: Retention | undefined,
  now: number,
): Pick<Item, 'expiresAt'> => (retention ? { expiresAt: now + looseMs(retention) } : {});

const dayMs = 86_400_000;

/**
 * For how long a blob stays, or a log, from when it was stored or renewed last: until what an open run rests on is renewed,
 * that run has ended and is archived, and the archive has let go of it; and some days for a process that knows the blob
 * from before.
 */
export const blobMs = (retention: Retention): number =>
  retention.keepMs + looseMs(retention) + 2 * dayMs;
