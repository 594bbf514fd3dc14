import { fromData, type HeartbeatData, heartbeatKey } from '../engine/items.ts';
import { type AttemptName, lostPut } from '../engine/lost.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { Ports } from '../ports/ports.ts';
import type { Put } from '../ports/table.ts';

/** An attempt that somebody else has claimed, met through a message that came again. */
export interface Claimed extends AttemptName {
  readonly owner: string;
  /** Epoch ms of the claim. */
  readonly at: number;
}

/** `settled`: the message has done its work. `early`: whoever holds the claim is to be looked at again later. */
export type Meeting = 'settled' | 'early';

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
  const items = await ports.table.getMany(
    owners.map((owner) => heartbeatKey(settings.namespace, owner)),
  );
  const beats = new Map(
    owners.map((owner, i) => [owner, items[i] && fromData<HeartbeatData>(items[i].data)]),
  );
  const now = ports.clock.now();
  const lost: Put[] = [];
  const meetings = claimed.map((one): Meeting => {
    const beat = beats.get(one.owner);
    if (beat === undefined || beat.leaseUntil + settings.skewMs < now) {
      lost.push(lostPut(settings, one, now, `runner ${one.owner} is gone`));
      return 'settled';
    }
    return beat.at > one.at + settings.skewMs || lists(beat, one) ? 'settled' : 'early';
  });
  if (lost.length > 0) await ports.table.putMany(lost);
  return meetings;
}

const lists = (beat: HeartbeatData, one: AttemptName): boolean =>
  beat.holds.some(
    ([run, task, attempt]) => run === one.run && task === one.task && attempt === one.attempt,
  );
