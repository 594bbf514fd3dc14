import type { ArtifactView, PageOf } from '../contract/api.ts';
import { Problem } from '../contract/problem.ts';
import { idOf, numberOf } from '../core/graph.ts';
import type { Decider } from './advance.ts';
import type { ArtifactContent, ArtifactsQuery } from './engine.ts';
import { artifactsIn, leftByTask } from './left-artifacts.ts';
import type { LoadedRun } from './loaded-run.ts';

/** A page ends with the task whose artifacts fill it. */
const pageMin = 1000;

/** What a run's tasks have left, in the order of their numbers. */
export async function listArtifacts(
  { ports, outputs }: Decider,
  run: LoadedRun,
  { task, after }: ArtifactsQuery,
): Promise<PageOf<ArtifactView>> {
  const { graph } = run.progress;
  const items: ArtifactView[] = [];
  const range = task === undefined ? [cursorOf(after), graph.size] : oneOf(run, task);
  let [number, end] = range as [number, number];
  for (; number < end && items.length < pageMin; number++) {
    const left = await leftByTask(outputs, run, number);
    if (left === undefined) continue;
    const id = idOf(graph, number);
    for (const artifact of await artifactsIn(ports.blobs, left.list))
      items.push({ task: id, ...artifact });
  }
  return { items, next: number < end ? String(number) : null };
}

function cursorOf(after = '0'): number {
  const number = Number(after);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Problem('input-invalid', `after is not a cursor of this list: ${after}`);
}

function oneOf(run: LoadedRun, task: string): [number, number] {
  const number = numberOf(run.progress.graph, task);
  if (number !== undefined) return [number, number + 1];
  throw new Problem('task-unknown', `run ${run.meta.id} has no task ${task}`);
}

export async function readArtifact(
  decider: Decider,
  run: LoadedRun,
  task: string,
  path: string,
): Promise<ArtifactContent> {
  const { items } = await listArtifacts(decider, run, { task });
  const artifact = items.find((one) => one.path === path);
  if (artifact === undefined)
    throw new Problem('artifact-unknown', `task ${task} has left no artifact ${path}`);
  const { blobs } = decider.ports;
  const url = await blobs.downloadFrom(artifact.blob);
  if (url !== undefined) return { artifact, url };
  const parts = await blobs.read(artifact.blob);
  if (parts !== undefined) return { artifact, parts };
  throw new Problem(
    'data-damaged',
    `artifact ${path} of ${task}: blob ${artifact.blob} is missing`,
  );
}
