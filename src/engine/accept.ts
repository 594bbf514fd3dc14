/** From what was asked for to a workflow that is stored. */
import type { SubmitRequest } from '../contract/api.ts';
import { typeNameOf } from '../contract/image.ts';
import { Problem } from '../contract/problem.ts';
import type { Workflow } from '../contract/workflow.ts';
import { encodeChunk, type StoredChunk } from '../core/chunk-codec.ts';
import { compile, type Dag } from '../core/dag.ts';
import { emptyChunk } from '../core/progress.ts';
import type { Ports } from '../ports/ports.ts';
import { givenResources } from './given-resources.ts';
import type { EngineSettings } from './settings.ts';
import type { Spec, Specs } from './specs.ts';
import { withTypes } from './typed-tasks.ts';

/** Canonical text and hash of a workflow; throws `Problem` `workflow-invalid` with every mistake's place. */
export type Canonical = (workflow: Workflow) => {
  readonly workflow: Workflow;
  /** As text, or as bytes of UTF-8. */
  readonly text: string | Uint8Array;
  readonly hash: string;
  /** When it was compiled already. */
  readonly dag?: Dag;
};

export interface Accepter {
  readonly ports: Pick<Ports, 'table' | 'clock'>;
  readonly settings: EngineSettings;
  readonly specs: Specs;
  readonly canonical: Canonical;
}

export interface Accepted {
  readonly hash: string;
  readonly spec: Spec;
  /** Of a run that has just begun, where it lies in META: the same for all runs of a call. */
  readonly progress: StoredChunk | undefined;
  /** Of a workflow with tasks of images: its hash as it was asked for. */
  readonly asked?: string;
}

/**
 * Checks and stores what was asked for, with what images say of their tasks now. Asked for again after another image was
 * pushed, it still is the same request.
 */
export async function acceptAsked(
  submitter: Accepter,
  { workflow, resources }: Pick<SubmitRequest, 'workflow' | 'resources'>,
): Promise<Accepted> {
  const typed = await withTypes(submitter.ports, submitter.settings, workflow);
  const accepted = await accept(submitter, givenResources(typed, resources));
  if (typed === workflow) return accepted;
  return {
    ...accepted,
    asked: submitter.canonical(givenResources(withPools(workflow), resources)).hash,
  };
}

/** So that a task of an image is of a pool that is there. */
const withPools = (workflow: Workflow): Workflow => ({
  ...workflow,
  tasks: workflow.tasks.map((task) => {
    const pool = task.image === undefined ? undefined : typeNameOf(task.image)?.pool;
    return pool === undefined ? task : { ...task, pool };
  }),
});

/** Checks a workflow, and stores it. */
async function accept(submitter: Accepter, given: Workflow): Promise<Accepted> {
  const { workflow, text, hash, dag } = submitter.canonical(given);
  const now = submitter.ports.clock.now();
  const known = submitter.specs.fresh(hash, now);
  if (known) return { hash, spec: known, progress: begun(submitter, known) };
  const spec = { workflow, dag: dag ?? compiled(workflow) };
  await submitter.specs.store(hash, text, spec, now);
  return { hash, spec, progress: begun(submitter, spec) };
}

function compiled({ tasks }: Workflow): Dag {
  const result = compile(tasks);
  if (result.kind === 'dag') return result.dag;
  throw new Problem('workflow-invalid', `the workflow does not compile: ${result.kind}`);
}

/** The progress of a run that has just begun, where it lies in META. */
export function begun(
  { settings }: Pick<Accepter, 'settings'>,
  { workflow }: Spec,
): StoredChunk | undefined {
  const count = workflow.tasks.length;
  if (count > settings.smallRunTasks) return undefined;
  return encodeChunk(emptyChunk(Math.min(count, settings.chunkSize), 1));
}
