import { queueOf } from '../engine/dispatch.ts';
import type { Queue } from '../ports/queue.ts';

/** The one runner here serves every pool, so that a workflow made for several runs here too. */
export const onePool = 'default';

/** A queue in which tasks of all pools wait for that runner. */
export function forOnePool<Own extends Queue>(queue: Own): Own {
  const tasks = queueOf('');
  return {
    ...queue,
    send: (messages) =>
      queue.send(
        messages.map((message) =>
          message.queue.startsWith(tasks) ? { ...message, queue: queueOf(onePool) } : message,
        ),
      ),
  };
}
