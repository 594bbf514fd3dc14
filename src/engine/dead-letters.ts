import type { JsonObject } from '../contract/json.ts';
import { asBody, fromBody, type TaskMessage, type TaskRow } from '../contract/task-message.ts';
import type { ClaimRow } from '../core/claim.ts';
import type { Ports } from '../ports/ports.ts';
import { delayMsMax, type Taken } from '../ports/queue.ts';
import { claimKey, claimPlace } from './items.ts';
import { lostPut } from './lost.ts';
import { type Claimed, meetClaimed } from './meet-claimed.ts';
import { mayPass } from './passing.ts';
import { startsQueue } from './scheduler.ts';
import type { EngineSettings } from './settings.ts';

/** The queue of messages that were received too often. */
export const deadQueue = 'dead';

export interface DeadJudged {
  /** Messages that were looked at. */
  readonly letters: number;
  /** Attempts that nobody has claimed, sent again. */
  readonly resent: number;
  /** Attempts whose runner is gone, or whose only lease was the message. */
  readonly lost: number;
}

type Needs = Pick<Ports, 'table' | 'queue' | 'clock'>;

/**
 * Judges each attempt of a message that died by its claim: a runner holds it, so the message is needed no more; its
 * runner is gone, so it is lost; nobody has claimed it, so it is sent again, later each time: a message dies of busy
 * runners too. When that has not helped for long it is lost as well, and its task's policy says what follows. Delivered
 * at least once, a message is its attempts' lease, and they are lost once each has been tried alone. One after its queue limit is sent again as
 * well, since whoever gets it fails it for that reason.
 */
export async function judgeDead(
  ports: Needs,
  settings: EngineSettings,
  lettersMax = 1000,
): Promise<DeadJudged> {
  const options = {
    queues: [deadQueue],
    max: atOnce,
    waitMs: 0,
    visibilityMs: settings.visibilityMs,
  };
  const total = { letters: 0, resent: 0, lost: 0 };
  const errors: unknown[] = [];
  for (let taken = atOnce; taken === atOnce && total.letters < lettersMax; ) {
    const letters = await ports.queue.take(options);
    for (const letter of letters) {
      try {
        const { resent, lost } = await judge(ports, settings, letter);
        total.resent += resent;
        total.lost += lost;
      } catch (error) {
        // It is looked at again, and is no reason not to look at the others.
        errors.push(error);
      }
    }
    taken = letters.length;
    total.letters += taken;
  }
  if (errors.length > 0) throw errors.find((error) => !mayPass(error)) ?? errors[0];
  return total;
}

/** As many as queues give in one go. */
const atOnce = 10;

async function judge(
  ports: Needs,
  settings: EngineSettings,
  letter: Taken,
): Promise<{ resent: number; lost: number }> {
  const { from, body } = letter.body as { readonly from: string; readonly body: JsonObject };
  if (from === startsQueue) {
    // What is due is found by the sweep.
    await ports.queue.remove([letter.receipt]);
    return { resent: 0, lost: 0 };
  }
  const message = fromBody(body);
  if (message.delivery === 'at-least-once' && message.tasks.length > 1) {
    // One of them may have killed its runner each time: they are tried one by one.
    const alone = message.tasks.map((row) => [row]);
    await sendAgain(ports, from, message, alone);
    await ports.queue.remove([letter.receipt]);
    return { resent: message.tasks.length, lost: 0 };
  }
  if (message.delivery === 'at-least-once') {
    await declareLost(ports, settings, message, message.tasks);
    await ports.queue.remove([letter.receipt]);
    return { resent: 0, lost: message.tasks.length };
  }
  const claims = await claimsOn(ports, settings, message);
  const held = message.tasks.flatMap((row) => claimedBy(message, row, claims) ?? []);
  const meetings = await meetClaimed(ports, settings, held);
  const lost = meetings.filter((meeting) => meeting === 'lost').length;
  // Whose claim is younger than its runner's last heartbeat is looked at again, and all of the message with it.
  if (meetings.includes('early')) return { resent: 0, lost };
  const free = message.tasks.filter((row) => claims.get(row) === undefined);
  const hopeless = (message.deaths ?? 0) >= deathsMax;
  if (hopeless) await declareLost(ports, settings, message, free);
  else if (free.length > 0) await sendAgain(ports, from, message, [free]);
  await ports.queue.remove([letter.receipt]);
  return hopeless ? { resent: 0, lost: lost + free.length } : { resent: free.length, lost };
}

const runOfRow = (message: TaskMessage, row: TaskRow): string => message.runs[row[0]] as string;

interface Holder {
  readonly owner: string;
  readonly at: number;
  readonly attempt: number;
}

/** Who holds each task's attempt, or a later one. */
async function claimsOn(
  ports: Needs,
  settings: EngineSettings,
  message: TaskMessage,
): Promise<ReadonlyMap<TaskRow, Holder>> {
  const holders = new Map<TaskRow, Holder>();
  const keys = message.tasks.map((row) =>
    claimKey(settings.namespace, runOfRow(message, row), row[1]),
  );
  const items = await ports.table.getMany(keys);
  for (const [i, row] of message.tasks.entries()) {
    const mine = claimPlace(runOfRow(message, row), row[1]);
    const claims = (items[i]?.data.claims ?? []) as unknown as readonly ClaimRow[];
    for (const [owner, , at, tasks] of claims)
      for (const [place, attempt] of tasks)
        if (place === mine && attempt >= row[3]) holders.set(row, { owner, at, attempt });
  }
  return holders;
}

function claimedBy(
  message: TaskMessage,
  row: TaskRow,
  claims: ReadonlyMap<TaskRow, Holder>,
): Claimed | undefined {
  const holder = claims.get(row);
  if (holder === undefined || holder.attempt > row[3]) return undefined;
  const { owner, at, attempt } = holder;
  return { run: runOfRow(message, row), task: row[1], attempt, owner, at, follow: row[5] ?? [] };
}

const firstDelayMs = 15_000;
/** So often an attempt that nobody has claimed is sent again: for more than an hour. After that it is lost. */
const deathsMax = 10;

async function sendAgain(
  ports: Needs,
  queue: string,
  message: TaskMessage,
  parts: readonly (readonly TaskRow[])[],
): Promise<void> {
  const deaths = (message.deaths ?? 0) + 1;
  const delayMs = Math.min(delayMsMax, firstDelayMs * 2 ** (deaths - 1));
  const bodies = parts.map((tasks) => asBody({ ...message, tasks, deaths }));
  await ports.queue.send(bodies.map((body) => ({ queue, body, delayMs })));
}

/** So that what kills each runner that takes it, before it can say so, comes to an end too. */
async function declareLost(
  ports: Needs,
  settings: EngineSettings,
  message: TaskMessage,
  tasks: readonly TaskRow[],
): Promise<void> {
  const now = ports.clock.now();
  const puts = tasks.map((row) => {
    const name = { run: runOfRow(message, row), task: row[1], attempt: row[3] };
    return lostPut(settings, name, now, 'its message was received too often');
  });
  if (puts.length > 0) await ports.table.putMany(puts);
}
