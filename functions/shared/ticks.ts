import type { MessageRecord } from '../../src/adapters/aws/event-queue.ts';

/** The names of the ticks in an event, each once. Without any, as from those who send work, it is one call without a name. */
export function ticksOf(
  records: readonly Pick<MessageRecord, 'body'>[],
): readonly (string | undefined)[] {
  const bodies = records.map(({ body }) => JSON.parse(body) as { readonly tick?: string });
  const ticks = [...new Set(bodies.map(({ tick }) => tick))].filter((tick) => tick !== undefined);
  return ticks.length > 0 ? ticks : [undefined];
}
