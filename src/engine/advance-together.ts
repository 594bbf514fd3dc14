import type { Decision } from '../core/decision.ts';
import type { Put, PutResult } from '../ports/table.ts';
import {
  type Advanced,
  beginAtOnce,
  type Cause,
  type Decider,
  decide,
  isDirty,
} from './advance.ts';
import type { Meta } from './items.ts';
import type { LoadedRun } from './loaded-run.ts';
import { keepMeta, metaPut } from './save-run.ts';

interface Changed extends Advanced {
  readonly id: string;
  readonly meta: Meta;
  readonly put: Put;
}

/**
 * Advances those of many runs that are at hand and lie in one item each: decided one after the other, and saved in one
 * call. What is not in the answer is to be advanced alone: as if it had not been looked at.
 */
export async function advanceTogether(
  decider: Decider,
  causes: ReadonlyMap<string, Cause>,
): Promise<ReadonlyMap<string, Advanced>> {
  const advanced = new Map<string, Advanced>();
  const changed: Changed[] = [];
  for (const [id, cause] of causes) {
    const done = beginAtOnce(decider, id, cause) ?? decideAtHand(decider, id, cause, changed);
    if (done !== undefined) advanced.set(id, done);
  }
  if (changed.length === 0) return advanced;
  const ids = changed.map(({ id }) => id);
  await decider.runs.together(ids, async () => {
    const results = await save(decider, changed);
    for (const [i, one] of changed.entries()) {
      const saved = results[i]?.done === true;
      if (saved) keepMeta(one.run, one.meta);
      decider.runs.saved(one.run, saved);
      if (saved) advanced.set(one.id, one);
    }
  });
  return advanced;
}

/** Undefined: it is to be saved first, which `changed` says; or it takes more than to decide once, and to put META. */
function decideAtHand(
  decider: Decider,
  id: string,
  cause: Cause,
  changed: Changed[],
): Advanced | undefined {
  const { runs, settings, ports } = decider;
  const run = runs.atHand(id);
  if (run === undefined) return undefined;
  const decisions = decided(run, cause);
  if (decisions === undefined) {
    // What was folded is not what is stored.
    runs.forget(id);
    return undefined;
  }
  const end = decisions.at(-1)?.end;
  if (!isDirty(run) && end === undefined) return { run, decisions };
  const options = { end, now: ports.clock.now(), durable: cause.durable ?? false };
  changed.push({ id, run, decisions, ...metaPut(settings, run, options) });
  return undefined;
}

function decided(run: LoadedRun, cause: Cause): readonly Decision[] | undefined {
  try {
    const decisions = decide(run, cause);
    const more = decisions.some(({ torn, behind, unfinished }) => torn || behind || unfinished);
    return more || run.progress.graph.segments.length > 0 ? undefined : decisions;
  } catch {
    return undefined;
  }
}

/** One answer for each; none of those that nobody can tell of. */
async function save(
  { ports }: Decider,
  changed: readonly Changed[],
): Promise<readonly (PutResult | undefined)[]> {
  const results: (PutResult | undefined)[] = changed.map(() => undefined);
  const put = async (relaxed: boolean): Promise<void> => {
    const mine = [...changed.keys()].filter((i) => (changed[i]?.put.relaxed === true) === relaxed);
    if (mine.length === 0) return;
    const puts = mine.map((i) => (changed[i] as Changed).put);
    const answers = await ports.table.putMany(puts).catch(() => []);
    for (const [n, i] of mine.entries()) results[i] = answers[n];
  };
  await Promise.all([put(true), put(false)]);
  return results;
}
