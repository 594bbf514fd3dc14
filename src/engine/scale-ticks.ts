import type { Ports } from '../ports/ports.ts';
import { asData, fromData, tickKey } from './items.ts';
import type { EngineSettings } from './settings.ts';

/** Where messages lie that say that capacity is to be decided. */
export const scaleQueue = 'scale';
/** How often it is decided while there is work. */
export const tickMs = 5_000;
/** So late is a tick that was lost. */
const lateMs = 15_000;

interface Ticks {
  /** Names the tick that is under way; empty when none is. */
  readonly tick: string;
  readonly dueAt: number;
}

type Needs = Pick<Ports, 'table' | 'queue' | 'clock' | 'ids'>;

/**
 * While there is work each tick is followed by another. There is one row of them: a tick that comes twice, or a call that
 * comes from elsewhere, begins no second one, and where a tick was lost the next call begins a new row.
 */
export async function continueTicks(
  { table, queue, clock, ids }: Needs,
  { namespace }: Pick<EngineSettings, 'namespace'>,
  tick: string | undefined,
  busy: boolean,
): Promise<void> {
  const key = tickKey(namespace);
  const item = await table.get(key);
  const { tick: current, dueAt } = item ? fromData<Ticks>(item.data) : { tick: '', dueAt: 0 };
  const now = clock.now();
  const isNext = current !== '' && tick === current;
  const isAlive = current !== '' && now <= dueAt + lateMs;
  if (!isNext && (isAlive || !busy)) return;
  const next: Ticks = busy ? { tick: ids.next(), dueAt: now + tickMs } : { tick: '', dueAt: 0 };
  const version = (item?.version ?? 0) + 1;
  const condition = item === undefined ? 'absent' : { version: item.version };
  const { done } = await table.put({ ...key, version, data: asData(next) }, condition);
  if (done && busy)
    await queue.send([{ queue: scaleQueue, body: { tick: next.tick }, delayMs: tickMs }]);
}
