import type { Artifact, NeededArtifacts, StoredArtifacts } from '../contract/artifacts.ts';
import type { Dag } from '../core/dag.ts';
import { ancestorOf, definitionOf, idOf, segmentsOf } from '../core/graph.ts';
import { codeOf } from '../core/progress.ts';
import { codes } from '../core/status.ts';
import type { Blobs } from '../ports/blobs.ts';
import { readStored } from './blobs.ts';
import type { LoadedRun } from './loaded-run.ts';
import type { Outputs } from './outputs.ts';

const leavers = new WeakMap<Dag, boolean>();

/** Whether any task of the workflow may leave artifacts: of others nothing has to be looked up. */
function anyLeaves(dag: Dag): boolean {
  let any = leavers.get(dag);
  if (any === undefined) {
    any = dag.tasks.some(({ artifacts }) => artifacts === true);
    leavers.set(dag, any);
  }
  return any;
}

/** What a task's needs have left for it; undefined when nothing has to be read to know that it is nothing. */
export function neededArtifacts(
  outputs: Outputs,
  run: LoadedRun,
  task: number,
): Promise<readonly NeededArtifacts[]> | undefined {
  const { graph } = run.progress;
  const { dag } = graph;
  if (!anyLeaves(dag)) return undefined;
  const ancestor = ancestorOf(graph, task);
  const needs = dag.needs
    .slice(dag.needsStart[ancestor], dag.needsStart[ancestor + 1])
    .filter((need) => dag.tasks[need]?.artifacts === true);
  return needs.length === 0 ? undefined : gather(outputs, run, [...needs]);
}

async function gather(
  outputs: Outputs,
  run: LoadedRun,
  needs: readonly number[],
): Promise<readonly NeededArtifacts[]> {
  const found: NeededArtifacts[] = [];
  for (const need of needs)
    for await (const { folder, artifacts } of leftBy(outputs, run, need, taskId(run, need)))
      found.push({ folder, list: artifacts.list });
  return found;
}

const taskId = (run: LoadedRun, task: number): string => idOf(run.progress.graph, task);

/** What a task has left; of a map, what its sub-tasks have, each in a folder named by its place in the list. */
async function* leftBy(
  outputs: Outputs,
  run: LoadedRun,
  task: number,
  folder: string,
): AsyncGenerator<{ readonly folder: string; readonly artifacts: StoredArtifacts }> {
  if (codeOf(run.progress, task) !== codes.succeeded) return;
  const maps = segmentsOf(run.progress.graph, task).filter(({ kind }) => kind === 'map');
  let place = 0;
  for (const { base, count } of maps)
    for (let child = base; child < base + count; child++)
      yield* leftBy(outputs, run, child, `${folder}/${place++}`);
  const artifacts = maps.length > 0 ? undefined : await leftByTask(outputs, run, task);
  if (artifacts !== undefined) yield { folder, artifacts };
}

export async function leftByTask(
  outputs: Outputs,
  run: LoadedRun,
  task: number,
): Promise<StoredArtifacts | undefined> {
  const { graph } = run.progress;
  if (!anyLeaves(graph.dag) || definitionOf(graph, task).artifacts !== true) return undefined;
  if (codeOf(run.progress, task) !== codes.succeeded) return undefined;
  return (await outputs.report(run, task))?.artifacts;
}

export const artifactsIn = async (
  blobs: Blobs,
  list: StoredArtifacts['list'],
): Promise<readonly Artifact[]> =>
  'value' in list ? list.value : ((await readStored(blobs, list)) as unknown as Artifact[]);
