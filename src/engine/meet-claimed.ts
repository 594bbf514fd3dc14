import type { Follow } from '../contract/task-message.ts';
import type { ClaimRow } from '../core/claim.ts';
import type { Ports } from '../ports/ports.ts';
import type { Put } from '../ports/table.ts';
import { claimKey, claimPlace, fromData, type HeartbeatData, heartbeatKey } from './items.ts';
import { type AttemptName, lostPut } from './lost.ts';
import type { EngineSettings } from './settings.ts';

/** An attempt that somebody else has claimed, met through a message that came again. */
export interface Claimed extends AttemptName {
  readonly owner: string;
  /** Epoch ms of the claim. */
  readonly at: number;
  /** What its runner may have gone on with since. */
  readonly follow: readonly Follow[];
}

/**
 * `settled`: its runner answers for it. `lost`: its runner is gone, and that is written down. Either way the message has
 * done its work. `early`: whoever holds the claim is to be looked at again later.
 */
export type Meeting = 'settled' | 'lost' | 'early';

/**
 * Decides what becomes of messages whose attempts are claimed: the owner lives, and its heartbeat lists the attempt or
 * is newer than the claim: the message is done. Its lease has lapsed: the attempt is declared lost.
 */
export async function meetClaimed(
  ports: Pick<Ports, 'table' | 'clock'>,
  settings: EngineSettings,
  claimed: readonly Claimed[],
): Promise<Meeting[]> {
  if (claimed.length === 0) return [];
  const owners = [...new Set(claimed.map(({ owner }) => owner))];
  const items = await ports.table.getMany(owners.map((owner) => heartbeatKey(settings, owner)));
  const beats = new Map(
    owners.map((owner, i) => [owner, items[i] && fromData<HeartbeatData>(items[i].data)]),
  );
  const now = ports.clock.now();
  const gone: Claimed[] = [];
  const meetings = claimed.map((one): Meeting => {
    const beat = beats.get(one.owner);
    if (beat === undefined || beat.leaseUntil + settings.skewMs < now) {
      gone.push(one);
      return 'lost';
    }
    return beat.at > one.at || lists(beat, one) ? 'settled' : 'early';
  });
  const lost: Put[] = [];
  for (const one of gone) {
    for (const attempt of [one, ...(await goneOnWith(ports, settings, one))])
      lost.push(lostPut(settings, attempt, now, `runner ${one.owner} is gone`));
  }
  if (lost.length > 0) await ports.table.putMany(lost);
  return meetings;
}

/** Of the tasks that may follow, those that the same runner has claimed. */
async function goneOnWith(
  ports: Pick<Ports, 'table'>,
  settings: EngineSettings,
  one: Claimed,
): Promise<AttemptName[]> {
  const claimed: AttemptName[] = [];
  for (const { task, attempt } of one.follow) {
    const item = await ports.table.get(claimKey(settings.namespace, one.run, task));
    const mine = claimPlace(one.run, task);
    const rows = (item?.data.claims ?? []) as unknown as readonly ClaimRow[];
    const holds = rows.some(
      ([owner, , , tasks]) =>
        owner === one.owner && tasks.some(([place, held]) => place === mine && held === attempt),
    );
    if (!holds) break;
    claimed.push({ run: one.run, task, attempt });
  }
  return claimed;
}

const lists = (beat: HeartbeatData, one: AttemptName): boolean =>
  beat.holds.some(
    ([run, task, attempt]) => run === one.run && task === one.task && attempt === one.attempt,
  );
