import type { Clock } from '../ports/clock.ts';
import type { Outgoing, Queue } from '../ports/queue.ts';
import { type StartHint, startsQueue } from './scheduler.ts';

/** What says that schedules are due, kept in this process until then; all other messages go to the queue. */
export interface HeldStarts {
  readonly queue: Queue;
  /** Hands out what becomes due, each at its time, until `until`. What is due later is forgotten: the next sweep says it. */
  hold(until: number, start: (hints: readonly StartHint[]) => Promise<void>): Promise<void>;
}

const hintsMax = 200;

const isStart = ({ queue }: Outgoing): boolean => queue === startsQueue;

export function heldStarts(queue: Queue, clock: Clock): HeldStarts {
  let held: StartHint[] = [];
  return {
    queue: {
      ...passing(queue),
      async send(messages) {
        held.push(...messages.filter(isStart).map(({ body }) => body as unknown as StartHint));
        await sendOthers(queue, messages);
      },
    },
    async hold(until, start) {
      for (;;) {
        held.sort((a, b) => a.at - b.at);
        const next = held[0]?.at;
        if (next === undefined || next > until) return;
        const wait = next - clock.now();
        if (wait > 0) {
          await clock.sleep(wait);
          continue;
        }
        const now = clock.now();
        const due = held.filter(({ at }, i) => i < hintsMax && at <= now);
        held = held.slice(due.length);
        await start(due);
      }
    },
  };
}

/** For who does not start what is due: the sweep finds it. */
export const withoutStarts = (queue: Queue): Queue => ({
  ...passing(queue),
  send: (messages) => sendOthers(queue, messages),
});

async function sendOthers(queue: Queue, messages: readonly Outgoing[]): Promise<void> {
  const others = messages.filter((message) => !isStart(message));
  if (others.length > 0) await queue.send(others);
}

/** A queue may be an object of a class, whose methods are not its own. */
const passing = (queue: Queue): Omit<Queue, 'send'> => ({
  take: (options) => queue.take(options),
  extend: (receipts, visibilityMs) => queue.extend(receipts, visibilityMs),
  remove: (receipts) => queue.remove(receipts),
  depth: (name) => queue.depth(name),
});
