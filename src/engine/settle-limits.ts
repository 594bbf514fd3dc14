import type { SlotRef } from '../contract/task-message.ts';
import type { Freed, Send } from '../core/decision.ts';
import type { Place } from '../core/limits.ts';
import type { Decider } from './decider.ts';
import type { Impossible, SendOf } from './dispatch.ts';
import type { Ask } from './limit-ask.ts';
import { waitSort } from './limit-items.ts';
import { LimitQueue } from './limit-queue.ts';
import { neededPlaces, type SharedBounds, sharedBounds } from './limits-of.ts';
import type { LoadedRun } from './loaded-run.ts';

export interface FreedOf {
  readonly run: LoadedRun;
  readonly freed: Freed;
}

/** What comes of asking limits: to be sent now, or never. All else waits in the table. */
export interface Settled {
  readonly sends: readonly SendOf[];
  readonly impossible: readonly Impossible[];
  /** To be called once all of it is sent: tidies up the lines. Who dies before leaves them to the next who looks. */
  done(): Promise<void>;
}

/**
 * Asks limits for what is to be sent, and gives what attempts no longer need to those that wait for it, of whatever run.
 * Everything of it may be done again: what is held already is found, and who waits is there once.
 */
export async function settleLimits(
  decider: Decider,
  sends: readonly SendOf[],
  freed: readonly FreedOf[],
  looks: readonly Place[] = [],
): Promise<Settled> {
  const shared = sharedBounds(decider.ports, decider.settings);
  const queue = new LimitQueue(decider, shared);
  const later: SendOf[] = [];
  const impossible: Impossible[] = [];
  const now = decider.ports.clock.now();
  for (const send of sends) {
    // It holds nothing while it may not start: its runner hands it back when it is due, and then it asks.
    if (send.send.at > now) later.push({ ...send, slots: [] });
    else {
      const ask = await askOf(decider, shared, send);
      if ('message' in ask) impossible.push(ask);
      else queue.add(ask);
    }
  }
  for (const one of freed) await release(decider, shared, queue, one);
  for (const place of looks) queue.look(place);
  await queue.work();
  return {
    sends: [...later, ...queue.granted.map(sendOf)],
    impossible,
    done: () => queue.done(),
  };
}

async function askOf(
  { outputs }: Decider,
  shared: SharedBounds,
  { run, generation, send }: SendOf,
): Promise<Ask | Impossible> {
  const needed = await neededPlaces(outputs, shared, run, send.task);
  if (needed.kind === 'error') return { run, send, message: needed.message };
  const { task, attempt } = send;
  const slots: SlotRef[] = [];
  const name = { run: run.meta.id, task, attempt };
  return {
    ...name,
    loaded: run,
    generation,
    places: needed.places,
    at: 0,
    slots,
    notBefore: 0,
    waits: [],
  };
}

function sendOf({ loaded, generation, task, attempt, notBefore, slots }: Ask): SendOf {
  const send: Send = { task, attempt, at: notBefore };
  return { run: loaded, generation, send, slots };
}

async function release(
  { outputs }: Decider,
  shared: SharedBounds,
  queue: LimitQueue,
  { run, freed }: FreedOf,
): Promise<void> {
  const needed = await neededPlaces(outputs, shared, run, freed.task);
  // It never had anything.
  if (needed.kind === 'error') return;
  const { task, attempt, byRunner } = freed;
  const name = { run: run.meta.id, task, attempt };
  for (const place of needed.places)
    queue.release(place, {
      ...name,
      byRunner,
      wait: byRunner ? undefined : waitSort(place.group, run.meta.createdAt, name),
    });
}
