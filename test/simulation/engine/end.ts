import { memoryPorts } from '../../../src/adapters/memory/system.ts';
import { counts, definitionOf, idOf } from '../../../src/core/graph.ts';
import { attemptOf, codeOf } from '../../../src/core/progress.ts';
import { statuses } from '../../../src/core/status.ts';
import type { Decider } from '../../../src/engine/advance.ts';
import { type Archive, createArchive } from '../../../src/engine/archive.ts';
import { createDecider } from '../../../src/engine/create-engine.ts';
import { metaKey } from '../../../src/engine/items.ts';
import { listRuns } from '../../../src/engine/list-runs.ts';
import type { LoadedRun } from '../../../src/engine/loaded-run.ts';
import { compare } from '../world/oracle.ts';
import type { World } from '../world.ts';
import { generationsOf } from './generations.ts';
import type { Judge } from './judge.ts';
import type { Profile } from './profile.ts';

/**
 * Reads what is stored as anybody would, and compares it with what was foretold. Tells how each task of a run came out,
 * and by which attempt.
 */
export async function checkEnd(
  world: World,
  judge: Judge,
  profile: Profile,
): Promise<ReadonlyMap<string, string>> {
  const outcomes = new Map<string, string>();
  const { violation } = world.kernel;
  if (violation?.promise === 'liveness')
    world.kernel.violation = {
      promise: 'P2',
      message: `${violation.message}: ${judge.whatIsOpen()}`,
    };
  if (violation) return outcomes;
  const clock = { now: world.kernel.now, sleep: async () => undefined };
  const plain = { clock, ids: { next: () => 'x' }, random: { next: () => 0 } };
  const ports = memoryPorts(world.system, plain);
  const { decider, specs } = createDecider(ports, profile.settings);
  const archive = createArchive(decider, specs);
  // Time enough for an index that lags.
  if (profile.settings.retention) await checkList(decider, archive, judge);
  for (const { planned, ledger, released, ends, firstAttempts } of judge.runs.values()) {
    const run = (await decider.runs.load(planned.id)) ?? (await archive.open(planned.id))?.run;
    if (run === undefined) {
      if (ledger.accepted) judge.violate('P1', `${planned.id} was accepted, and is gone`);
      continue;
    }
    if (run.meta.archived !== undefined && !world.system.table.get(metaKey('main', planned.id)))
      judge.count('an archived run has left the table');
    checkVerdict(judge, run);
    for (const [task, outcome] of outcomesOf(run)) outcomes.set(`${planned.id} ${task}`, outcome);
    const generations = generationsOf(run.progress.graph, ends, firstAttempts);
    const odd = world.unexplained(planned, released.size, generations);
    if (odd.length > 0) judge.violate('oracle', `${planned.id}: ${odd.join('; ')}`);
    judge.count('a run of several generations was explained', generations.length > 1 ? 1 : 0);
    judge.count('a cancelled run was explained', run.meta.state === 'cancelled' ? 1 : 0);
    if (run.meta.generation > 1 || run.meta.state === 'cancelled') continue;
    judge.count('a run that was touched came to what was foreseen', ledger.touched ? 1 : 0);
    const found = { run: run.meta.state, tasks: statesOf(run) };
    const wrong = compare(world.expected(planned, released.size), found);
    if (wrong.length > 0) judge.violate('oracle', `${planned.id}: ${wrong.join('; ')}`);
  }
  return outcomes;
}

function outcomesOf({ meta, progress }: LoadedRun): readonly (readonly [string, string])[] {
  const tasks = Array.from({ length: progress.graph.size }, (_, task) => {
    const outcome = `${statuses[codeOf(progress, task)]} by attempt ${attemptOf(progress, task)}`;
    return [idOf(progress.graph, task), outcome] as const;
  });
  return [['', meta.state], ...tasks];
}

/** Each run is told once, whether it is in the table, in the archive, or on its way. */
async function checkList(decider: Decider, archive: Archive, judge: Judge): Promise<void> {
  const { items } = await listRuns(decider, archive, {});
  const told = items.map(({ id }) => id).sort();
  const want = [...judge.runs.values()].map(({ planned }) => planned.id).sort();
  if (told.join() !== want.join()) judge.violate('P1', `the list has ${told.join()}`);
}

function statesOf(run: LoadedRun): ReadonlyMap<string, string> {
  const { progress } = run;
  const states = new Map<string, string>();
  for (let task = 0; task < progress.graph.size; task++) {
    const status = statuses[codeOf(progress, task)] as string;
    states.set(idOf(progress.graph, task), status === 'skippedByFailure' ? 'skipped' : status);
  }
  return states;
}

/** The run's verdict follows from its tasks', those apart that were spawned by work which a rerun began anew. */
function checkVerdict(judge: Judge, { meta, progress }: LoadedRun): void {
  let failed = false;
  for (let task = 0; task < progress.graph.size; task++)
    failed ||=
      statuses[codeOf(progress, task)] === 'failed' &&
      counts(progress.graph, task) &&
      definitionOf(progress.graph, task).mayFail !== true;
  const want = failed ? 'failed' : 'succeeded';
  if (meta.state !== 'cancelled' && !meta.fails && meta.state !== want)
    judge.violate('P7', `${meta.id} is ${meta.state}, and its tasks say ${want}`);
}
