import type { Report } from '../contract/happening.ts';
import type { Json, JsonObject } from '../contract/json.ts';
import { itemsOf, parentOf, segmentAt, segmentsOf } from '../core/graph.ts';
import { attemptOf, codeOf, sourceOf } from '../core/progress.ts';
import { parseTemplate, type Scope } from '../core/reference.ts';
import { codes } from '../core/status.ts';
import type { Ports } from '../ports/ports.ts';
import type { Item } from '../ports/table.ts';
import { readStored } from './blobs.ts';
import { fromData, type PackData, sourceKey } from './items.ts';
import type { LoadedRun } from './loaded-run.ts';
import type { EngineSettings } from './settings.ts';

/** The path from a task to its report and its output. */
export interface Outputs {
  /** Packs that were just folded are at hand: their reports need no read. */
  learn(item: Item): void;
  /** The report that decided a task; undefined when none did. */
  report(run: LoadedRun, task: number): Promise<Report | undefined>;
  /**
   * A task's output; of a map, the list of its sub-tasks' outputs, null for those that did not succeed. Null when it did
   * not succeed.
   */
  output(run: LoadedRun, task: number): Promise<Json>;
}

const packsKept = 2000;

export function createOutputs(
  ports: Pick<Ports, 'table' | 'blobs'>,
  settings: EngineSettings,
): Outputs {
  const packs = new Map<string, readonly JsonObject[]>();
  const learn = (item: Item): void => {
    packs.set(`${item.partition}\n${item.sort}`, fromData<PackData>(item.data).reports);
    if (packs.size > packsKept) packs.delete(packs.keys().next().value as string);
  };
  const report = async (run: LoadedRun, task: number): Promise<Report | undefined> => {
    const source = sourceOf(run.progress, task);
    if (source === undefined) return undefined;
    const key = sourceKey(settings.namespace, run.meta.id, source);
    const name = `${key.partition}\n${key.sort}`;
    if (!packs.has(name)) {
      const item = await ports.table.get(key);
      if (item === undefined || !('reports' in item.data)) return undefined;
      learn(item);
    }
    const attempt = attemptOf(run.progress, task);
    const found = packs
      .get(name)
      ?.find(
        (row) =>
          row.task === task &&
          row.attempt === attempt &&
          (row.run === undefined || row.run === run.meta.id),
      );
    return found as unknown as Report | undefined;
  };
  const output = async (run: LoadedRun, task: number): Promise<Json> => {
    if (codeOf(run.progress, task) !== codes.succeeded) return null;
    const maps = segmentsOf(run.progress.graph, task).filter(({ kind }) => kind === 'map');
    if (maps.length > 0) {
      const list: Json[] = [];
      for (const { base, count } of maps)
        for (let child = base; child < base + count; child++) list.push(await output(run, child));
      return list;
    }
    const found = await report(run, task);
    return found?.output === undefined ? null : readStored(ports.blobs, found.output);
  };
  return { learn, report, output };
}

/** All that the references in a task's templates may stand for; outputs of other tasks are read first. */
export async function scopeOf(
  outputs: Outputs,
  run: LoadedRun,
  task: number,
  template: Json,
): Promise<Scope> {
  const known = new Map<string, Json>();
  const parsed = parseTemplate(template);
  for (const reference of parsed.kind === 'ok' ? parsed.references : []) {
    const id = reference.task;
    if (id === undefined || known.has(id)) continue;
    const number = run.progress.graph.dag.tasks.findIndex((candidate) => candidate.id === id);
    if (number >= 0) known.set(id, await outputs.output(run, number));
  }
  return { ...plainScope(run, task), output: (id) => known.get(id) };
}

/** The scope without other tasks' outputs: nothing has to be read for it. */
export function plainScope(run: LoadedRun, task: number): Scope {
  const { graph } = run.progress;
  const segment = segmentAt(graph, task);
  const scope = { input: run.input, run: { id: run.meta.id } };
  if (segment?.kind !== 'map') return scope;
  return { ...scope, items: itemsOf(graph, task), index: task - segment.base };
}

export const isSpawned = (run: LoadedRun, task: number): boolean =>
  parentOf(run.progress.graph, task) !== undefined;
