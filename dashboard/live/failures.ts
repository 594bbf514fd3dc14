import type { RunSummary } from '../../src/contract/api.ts';
import { type Failure, type FailureGroup, groupsOf } from '../model/signature.ts';
import { server } from './server.ts';

export interface Failures {
  readonly groups: readonly FailureGroup[];
  readonly runs: number;
  /** There are more failed runs than were looked at. */
  readonly isPart: boolean;
}

const AT_ONCE = 4;
/** A run that has ended stays as it is until it runs again: by its id and generation. */
const known = new Map<string, readonly Failure[]>();

/** Why the last runs that failed did, alike ones together. */
export async function lastFailures(since: number, runsMax: number): Promise<Failures> {
  const { items, next } = await server.runs({ state: 'failed', since, limit: runsMax });
  const all: Failure[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE)
    for (const found of await Promise.all(items.slice(from, from + AT_ONCE).map(failuresIn)))
      all.push(...found);
  return { groups: groupsOf(all), runs: items.length, isPart: next !== null };
}

async function failuresIn(run: RunSummary): Promise<readonly Failure[]> {
  const key = `${run.id}/${run.generation}`;
  const found = known.get(key) ?? (await readFailures(run));
  known.set(key, found);
  return found;
}

async function readFailures({ id, workflow, endedAt, createdAt }: RunSummary): Promise<Failure[]> {
  const { failures, reason } = await server.run(id);
  const common = { run: id, workflow, at: endedAt ?? createdAt };
  if (failures.length > 0) return failures.map(({ task, error }) => ({ ...common, task, error }));
  return [{ ...common, task: '', error: { reason: 'time-limit', message: reason ?? 'failed' } }];
}
