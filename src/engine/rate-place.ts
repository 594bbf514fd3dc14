import type { Place } from '../core/limits.ts';
import { type Bucket, type Rate, takeTokens } from '../core/token-bucket.ts';
import type { Ports } from '../ports/ports.ts';
import type { Item, Key, Put } from '../ports/table.ts';
import { asData, fromData } from './items.ts';
import { limitPartition, limitSorts, noteSort } from './limit-items.ts';
import type { Answer, Asker, Grant, PlaceAtHand } from './limit-place.ts';
import type { AttemptName } from './lost.ts';
import type { EngineSettings } from './settings.ts';

/** So far ahead tokens are given, as a message can be delayed: the sweep, which gives the others, comes more often. */
const aheadMs = 10 * 60_000;
/** As many notes as are written in one go. */
const tokensAtOnce = 100;
/** A note of a run that nobody ended stays for so long. */
const noteMs = 30 * 86_400_000;

interface BucketData extends Bucket {
  readonly group: string;
}

interface Note {
  readonly at: number;
  readonly wait?: string;
}

type Needs = Pick<Ports, 'table' | 'clock'>;

export async function openRate(
  ports: Needs,
  settings: EngineSettings,
  place: Place,
): Promise<PlaceAtHand> {
  const { table, clock } = ports;
  const rate = place.rate as Rate;
  const partition = limitPartition(settings.namespace, place.name);
  const key = { partition, sort: limitSorts.bucket };
  const item = await table.get(key);
  const before = item && fromData<BucketData>(item.data);
  const opened = clock.now();
  const next = takeTokens(rate, before, 1, opened, opened + aheadMs);
  return {
    free: next.kind === 'granted' ? tokensAtOnce : 0,
    turn: before?.group ?? '',
    unsent: async () => [],
    async standing(attempts) {
      const items = await table.getMany(attempts.map((one) => noteKey(partition, one)));
      return items.map((found) => found && grantOf(fromData<Note>(found.data)));
    },
    async grant(askers) {
      const now = clock.now();
      const { bucket, times } = takeAll(rate, before, askers, now);
      if (bucket === undefined) return askers.map(() => 'none');
      const group = askers[times.length - 1]?.group ?? '';
      const put = bucketPut(key, item, { ...bucket, group });
      if (!(await table.put(put.item, put.condition)).done) return askers.map(() => 'contended');
      await table.putMany(times.map((at, i) => notePut(partition, askers[i] as Asker, at)));
      return askers.map(({ wait }, i): Answer => {
        const at = times[i];
        return at === undefined ? 'none' : grantOf({ at, ...(wait !== undefined && { wait }) });
      });
    },
    async release(attempts) {
      await Promise.all(attempts.map((one) => table.remove(noteKey(partition, one), 'any')));
    },
  };
}

/** When each may start, in their order, up to the first one whose time is too far off. */
function takeAll(rate: Rate, before: Bucket | undefined, askers: readonly Asker[], now: number) {
  const times: number[] = [];
  let bucket: Bucket | undefined;
  for (const { units } of askers) {
    const tokens = takeTokens(rate, bucket ?? before, units, now, now + aheadMs);
    if (tokens.kind === 'later') break;
    bucket = tokens.bucket;
    times.push(tokens.at);
  }
  return { bucket, times };
}

const grantOf = ({ at, wait }: Note): Grant => ({ slot: undefined, at, wait });

const noteKey = (partition: string, one: AttemptName): Key => ({ partition, sort: noteSort(one) });

const bucketPut = (key: Key, before: Item | undefined, data: BucketData): Put => ({
  item: { ...key, version: (before?.version ?? 0) + 1, data: asData(data) },
  condition: before ? { version: before.version } : 'absent',
});

const notePut = (partition: string, asker: Asker, at: number): Put => ({
  item: {
    ...noteKey(partition, asker),
    version: 1,
    data: asData({ at, ...(asker.wait !== undefined && { wait: asker.wait }) }),
    expiresAt: at + noteMs,
  },
  condition: 'any',
});
