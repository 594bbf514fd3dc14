import type { ControlRequest } from '../contract/api.ts';
import type { Control, Happening } from '../contract/happening.ts';
import { Problem } from '../contract/problem.ts';
import { isEnded } from '../contract/state.ts';
import { numberOf } from '../core/graph.ts';
import { advance, carryOut, type Decider } from './advance.ts';
import { asData, fromData, type Meta, metaKey, runPartition, sortKeys } from './items.ts';
import type { LoadedRun } from './loaded-run.ts';

/**
 * Cancels, pauses, resumes or reruns. What was asked is appended first, then decided at once, so that the answer says
 * what won: a cancel that came too late is refused with `run-ended`. `name` names the request: when it is made again, since
 * its answer was lost, it is the same one, and what became of it late does nothing any more. Names rise with the time.
 */
export async function controlRun(
  decider: Decider,
  id: string,
  request: ControlRequest,
  name: string = decider.ports.ids.next(),
): Promise<Meta> {
  const { ports, runs } = decider;
  const run = await runs.look(id, !decider.settings.soleDecider);
  if (run === undefined) throw await missing(decider, id);
  const sort = `${sortKeys.control}${name}`;
  const answer = (meta: Meta): Meta => {
    if (request.action === 'cancel' && isEnded(meta.state) && meta.state !== 'cancelled')
      throw new Problem('run-ended', `run ${id} had already ended: ${meta.state}`);
    return meta;
  };
  const asItIs = async (): Promise<Meta> => (await decided(decider, id, [])) ?? run.meta;
  if (run.meta.controls?.includes(sort)) return answer(await asItIs());
  const control = controlOf(run, request, ports.clock.now());
  if (alreadyDone(run.meta, request)) return asItIs();
  return answer(await applyControl(decider, id, sort, control));
}

/**
 * As `controlRun`, under a key that a client chose: the same key with the same request is the same request, with another
 * one it is refused. What it stands for is written down at its first use, since names of controls rise with the time.
 */
export async function controlRunOnce(
  decider: Decider,
  id: string,
  request: ControlRequest,
  key: string,
): Promise<Meta> {
  const { ports, runs, settings } = decider;
  if ((await runs.look(id)) === undefined) throw await missing(decider, id);
  const at = { partition: runPartition(settings.namespace, id), sort: `${sortKeys.key}${key}` };
  const named: NamedRequest = { name: ports.ids.next(), request };
  const result = await ports.table.put({ ...at, version: 1, data: asData(named) }, 'absent');
  const first = result.done || !result.found ? named : fromData<NamedRequest>(result.found.data);
  if (JSON.stringify(first.request) !== JSON.stringify(request))
    throw new Problem('key-reused', `key ${key} came before with another request`);
  return controlRun(decider, id, request, first.name);
}

interface NamedRequest {
  readonly name: string;
  readonly request: ControlRequest;
}

/** Appends a control and decides it. */
export async function applyControl(
  decider: Decider,
  id: string,
  sort: string,
  control: Control,
): Promise<Meta> {
  const partition = runPartition(decider.settings.namespace, id);
  const item = { partition, sort, version: 1, data: asData(control) };
  await decider.ports.table.put(item, 'absent');
  const meta = await decided(decider, id, [{ kind: 'control', id: sort, control }]);
  if (meta !== undefined) return meta;
  // Archived since it was looked at: nobody will ever see this request.
  await decider.ports.table.remove(item, { version: 1 });
  throw await missing(decider, id);
}

/** How the run is when these are decided. It is durable, also what the feed was faster to decide. */
async function decided(
  decider: Decider,
  id: string,
  happenings: readonly Happening[],
): Promise<Meta | undefined> {
  const advanced = await advance(decider, id, { happenings, durable: true });
  if (advanced) await carryOut(decider, [advanced]);
  return advanced?.run.meta;
}

async function missing({ ports, settings }: Decider, id: string): Promise<Problem> {
  const item = await ports.table.get(metaKey(settings.namespace, id));
  if (item?.data.archived !== undefined) return archivedProblem(id);
  return new Problem('run-unknown', `there is no run ${id}`);
}

export const archivedProblem = (id: string): Problem =>
  new Problem('run-archived', `run ${id} is archived: it can be read, and not be run again`);

function controlOf(run: LoadedRun, request: ControlRequest, at: number): Control {
  const { meta } = run;
  if (request.action === 'rerun') {
    if (!isEnded(meta.state))
      throw new Problem(
        'run-contended',
        `run ${meta.id} is ${meta.state}; a rerun wants an ended run`,
      );
    const tasks = request.tasks?.map((task) => numberIn(run, task));
    return { action: 'rerun', at, generation: meta.generation + 1, ...(tasks && { tasks }) };
  }
  if (isEnded(meta.state))
    throw new Problem('run-ended', `run ${meta.id} had already ended: ${meta.state}`);
  if (request.action === 'cancel')
    return { action: 'cancel', at, reason: request.reason ?? 'cancelled by request' };
  return { action: request.action, at };
}

const alreadyDone = (meta: Meta, request: ControlRequest): boolean =>
  (request.action === 'pause' && meta.state === 'paused') ||
  (request.action === 'resume' && meta.state === 'running') ||
  (request.action === 'cancel' && meta.state === 'cancelling');

function numberIn(run: LoadedRun, task: string): number {
  const number = numberOf(run.progress.graph, task);
  if (number === undefined)
    throw new Problem('task-unknown', `run ${run.meta.id} has no task ${task}`);
  return number;
}
