import type { AttemptResult } from '../contract/execution.ts';
import { asBody } from '../contract/task-message.ts';
import { queueOf } from '../engine/dispatch.ts';
import type { Ports } from '../ports/ports.ts';
import type { Admission } from './admission.ts';
import type { Claims } from './claims.ts';
import { followHeld, messageOf } from './follow.ts';
import type { Held } from './held.ts';
import type { Holdings } from './holdings.ts';
import { insist } from './insist.ts';
import type { Intake } from './intake.ts';
import type { Reports } from './reports.ts';

export interface ChainParts {
  readonly ports: Pick<Ports, 'queue' | 'clock'>;
  readonly pool: string;
  readonly owner: string;
  readonly intake: Intake;
  readonly holdings: Holdings;
  readonly claims: Claims;
  readonly admission: Admission;
  readonly reports: Reports;
  readonly start: (held: readonly Held[]) => void;
}

/** Whether a task ended so that what only waits for it may be gone on with. */
export function leadsOn(held: Held, result: AttemptResult): boolean {
  if (held.follow.length === 0 || result.outcome !== 'succeeded' || held.cancelled) return false;
  return held.spawning === undefined && held.spawned.length === 0 && !result.spawns?.length;
}

/**
 * Goes on with the only dependent of a task that succeeded: its claim and the report are written at the same time, and
 * it starts when both are durable. Delivered at least once it starts at once, and the chain's reports are written
 * together: whoever gets the message again begins it again. The message stays until the last one of the chain is reported, so that whoever gets
 * it after this runner's death finds the claim.
 */
export async function goOn(parts: ChainParts, before: Held, result: AttemptResult): Promise<void> {
  const { holdings, claims, reports } = parts;
  const next = followHeld(before, result, parts.intake, parts.ports.clock.now());
  if (next === undefined) return reports.add(before, result);
  next.letter.open++;
  if (!holdings.add(next)) return reports.add(before, result);
  if (before.delivery === 'at-least-once') {
    before.next = next;
    reports.addLater(before, result);
    return startWanted(parts, next);
  }
  const [, answers] = await Promise.all([
    reports.hop(before, result, next),
    claims.claim([next], parts.owner),
  ]);
  holdings.letGo(before);
  next.granted = answers[0]?.granted === true;
  if (!next.granted) return sendInstead(parts, next);
  await startWanted(parts, next);
}

async function startWanted({ admission, reports, start }: ChainParts, next: Held): Promise<void> {
  const wanted = await admission.wanted([next]);
  if (wanted.length > 0) start(wanted);
  // Nothing follows whose report would take those along that wait.
  else reports.flush();
}

/** Somebody has claimed what was to follow: it goes the way of every other task, where that is looked into. */
async function sendInstead(parts: ChainParts, held: Held): Promise<void> {
  const { ports, pool, holdings } = parts;
  const message = { queue: queueOf(pool), body: asBody(messageOf(held, ports.clock.now())) };
  await insist(ports, () => ports.queue.send([message]));
  holdings.letGo(held);
}
