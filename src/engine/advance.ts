import type { Happening } from '../contract/happening.ts';
import { isEnded } from '../contract/state.ts';
import type { Decision } from '../core/decision.ts';
import { begin, fold, revive } from '../core/fold.ts';
import type { Ports } from '../ports/ports.ts';
import { type Item, type Put, Unavailable } from '../ports/table.ts';
import { composeMessages, type SendOf, sendAll } from './dispatch.ts';
import { expandMap, spawnPut } from './expand.ts';
import type { LoadedRun } from './loaded-run.ts';
import type { Outputs } from './outputs.ts';
import type { Runs } from './runs.ts';
import type { EngineSettings } from './settings.ts';
import type { StuckRuns } from './stuck-runs.ts';

/** What a run is looked at for. */
export interface Cause {
  readonly happenings: readonly Happening[];
  /** It was just submitted: its META item. */
  readonly begin?: Item;
  /** All that is open is looked at as if nothing had been sent. */
  readonly revive?: boolean;
  /** Somebody is told how the run is: it must be durable, also what was decided before. */
  readonly durable?: boolean;
}

export interface Decider {
  readonly ports: Ports;
  readonly settings: EngineSettings;
  readonly runs: Runs;
  readonly outputs: Outputs;
  readonly stuck: StuckRuns;
}

export interface Advanced {
  readonly run: LoadedRun;
  readonly decisions: readonly Decision[];
}

const roundsMax = 50;

/**
 * Load, fold, save: until it is saved and nobody changed what the decision rests on. Undefined: there is no such run, or
 * it was archived.
 * What the decisions ask for is still to be done, by `carryOut`. One at a time for each run.
 */
export function advance(
  decider: Decider,
  runId: string,
  cause: Cause,
): Promise<Advanced | undefined> {
  return decider.runs.alone(runId, async () => {
    for (let round = 0; round < roundsMax; round++) {
      const advanced = await tryAdvance(decider, runId, cause, round);
      if (advanced !== 'again') return advanced;
    }
    throw new Unavailable(`run ${runId}: still contended after ${roundsMax} rounds`);
  });
}

/** As `advance`, at once, for a run that just began, and of which nothing has to be loaded or saved; else undefined. */
export function beginAtOnce({ runs }: Decider, runId: string, cause: Cause): Advanced | undefined {
  if (cause.begin === undefined || cause.happenings.length > 0 || cause.revive) return undefined;
  const begun = runs.begin(runId, cause.begin);
  return begun && { run: begun.run, decisions: [begun.decision] };
}

async function tryAdvance(
  decider: Decider,
  runId: string,
  cause: Cause,
  round: number,
): Promise<Advanced | undefined | 'again'> {
  const { runs, ports } = decider;
  const run = runs.cached(runId) ?? (await loadFor(runs, runId, cause, round));
  if (run === undefined) return undefined;
  try {
    const decisions = decide(run, cause);
    if (decisions.some(({ behind, torn }) => torn || (behind && round === 0))) {
      // Another decider went on since this run was cached, or since its item came by the feed.
      runs.forget(runId);
      return 'again';
    }
    const end = decisions.at(-1)?.end;
    if (cause.durable) saveAnew(run);
    if (isDirty(run) || end !== undefined) {
      const options = { end, now: ports.clock.now(), durable: cause.durable ?? false };
      if (!(await runs.save(run, options))) return 'again';
    }
    if (await runs.overtaken(run, consultedBy(decisions))) return 'again';
    if (decisions.some(({ unfinished }) => unfinished)) return 'again';
    return { run, decisions };
  } catch (error) {
    // What was folded may not be what is stored.
    runs.forget(runId);
    throw error;
  }
}

/** The first time from the item that came by the feed, which saves a read. */
const loadFor = (
  runs: Runs,
  id: string,
  cause: Cause,
  round: number,
): Promise<LoadedRun | undefined> =>
  cause.begin && round === 0 ? runs.loadFrom(id, cause.begin) : runs.load(id);

export function decide(run: LoadedRun, cause: Cause): Decision[] {
  const decisions: Decision[] = [];
  if (cause.begin) decisions.push(begin(run.progress));
  if (cause.happenings.length > 0) decisions.push(fold(run.progress, cause.happenings));
  if (cause.revive) {
    const revived = revive(run.progress);
    // It names all that is open: what was ready by the fold already is sent once.
    for (const { sends, expands } of decisions) {
      for (const task of revived.sends.keys()) sends.delete(task);
      for (const task of revived.expands.keys()) expands.delete(task);
    }
    decisions.push(revived);
  }
  return decisions;
}

export const isDirty = (run: LoadedRun): boolean =>
  run.progress.head.dirty || run.progress.chunks.some((chunk) => chunk.dirty);

/** What was decided before may have been saved as relaxed; an end never is. */
function saveAnew({ meta, progress }: LoadedRun): void {
  if (!isEnded(meta.state)) progress.head.dirty = true;
}

function consultedBy(decisions: readonly Decision[]): ReadonlySet<number> {
  const first = decisions[0];
  if (decisions.length === 1 && first) return first.consulted;
  return new Set(decisions.flatMap((decision) => [...decision.consulted]));
}

/** Sends what became ready and expands maps. Harmless when done twice. */
export async function carryOut(decider: Decider, advanced: readonly Advanced[]): Promise<void> {
  const { ports, settings, outputs } = decider;
  const now = ports.clock.now();
  const sends: SendOf[] = [];
  const puts: Put[] = [];
  for (const { run, decisions } of advanced) {
    for (const decision of decisions) {
      const { generation } = decision;
      for (const send of decision.sends.values()) sends.push({ run, generation, send });
      for (const [task, attempt] of decision.expands)
        puts.push(await expandMap(ports, settings, outputs, run, task, attempt, now));
    }
  }
  const { messages, impossible } = await composeMessages(outputs, settings, sends, now);
  for (const { run, send, message } of impossible) {
    const made = { kind: 'impossible', message } as const;
    puts.push(
      spawnPut(settings, run.meta.id, { parent: send.task, attempt: send.attempt, at: now, made }),
    );
  }
  await Promise.all([
    sendAll(ports, messages),
    puts.length > 0 ? ports.table.putMany(puts) : undefined,
  ]);
}
