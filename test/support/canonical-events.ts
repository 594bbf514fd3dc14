import { type Fanfold, followEvents } from '../../src/index.ts';

/**
 * What happened to a run, whatever carried it: without ids and times, in an order of its own, since independent
 * happenings have none.
 */
export async function canonicalEvents(
  fanfold: Pick<Fanfold, 'events' | 'run'>,
  run: string,
): Promise<readonly string[]> {
  const events: string[] = [];
  for await (const { id: _id, at: _at, ...event } of followEvents(fanfold, run, { waitMs: 1_000 }))
    events.push(JSON.stringify(event, withoutStacks));
  return events.sort();
}

/** Where in a machine's files an error arose is no part of what happened. */
const withoutStacks = (name: string, value: unknown): unknown =>
  name === 'stack' ? undefined : value;

/** How a run ended, and what happened on the way. */
export async function canonicalRun(fanfold: Pick<Fanfold, 'events' | 'run'>, id: string) {
  const { state, counts, outputs, tasks, ...view } = await fanfold.run(id);
  const failures = view.failures.map((one) => JSON.stringify(one, withoutStacks)).sort();
  return { state, counts, outputs, tasks, failures, events: await canonicalEvents(fanfold, id) };
}
