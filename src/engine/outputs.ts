import type { Report } from '../contract/happening.ts';
import type { Json, JsonObject } from '../contract/json.ts';
import { itemsOf, type Segment, segmentAt, segmentsOf } from '../core/graph.ts';
import { attemptOf, codeOf, sourceOf } from '../core/progress.ts';
import { parseTemplate, type Scope } from '../core/reference.ts';
import { codes } from '../core/status.ts';
import type { Ports } from '../ports/ports.ts';
import type { Item, Key } from '../ports/table.ts';
import { readStored } from './blobs.ts';
import { fromData, type PackData, sourceKey } from './items.ts';
import { keepLast } from './keep-last.ts';
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

/** Packs whose reports are kept at hand. */
const packsKept = 500;

export function createOutputs(
  ports: Pick<Ports, 'table' | 'blobs'>,
  settings: EngineSettings,
): Outputs {
  return new PackReader(ports, settings);
}

class PackReader implements Outputs {
  readonly #ports: Pick<Ports, 'table' | 'blobs'>;
  readonly #settings: EngineSettings;
  readonly #packs = new Map<string, readonly JsonObject[]>();

  constructor(ports: Pick<Ports, 'table' | 'blobs'>, settings: EngineSettings) {
    this.#ports = ports;
    this.#settings = settings;
  }

  learn(item: Item): void {
    this.#packs.set(nameOf(item), fromData<PackData>(item.data).reports);
    keepLast(this.#packs, packsKept);
  }

  async report(run: LoadedRun, task: number): Promise<Report | undefined> {
    const source = sourceOf(run.progress, task);
    if (source === undefined) return undefined;
    const reports = await this.#reportsOf(sourceKey(this.#settings.namespace, run.meta.id, source));
    const attempt = attemptOf(run.progress, task);
    const found = reports?.find((row) => {
      const mine = row.run === undefined || row.run === run.meta.id;
      return mine && row.task === task && row.attempt === attempt;
    });
    return found as unknown as Report | undefined;
  }

  async output(run: LoadedRun, task: number): Promise<Json> {
    if (codeOf(run.progress, task) !== codes.succeeded) return null;
    const maps = segmentsOf(run.progress.graph, task).filter(({ kind }) => kind === 'map');
    if (maps.length > 0) return this.#outputsOf(run, maps);
    const found = await this.report(run, task);
    return found?.output === undefined ? null : readStored(this.#ports.blobs, found.output);
  }

  async #outputsOf(run: LoadedRun, maps: readonly Segment[]): Promise<Json> {
    const list: Json[] = [];
    for (const { base, count } of maps)
      for (let child = base; child < base + count; child++)
        list.push(await this.output(run, child));
    return list;
  }

  async #reportsOf(key: Key): Promise<readonly JsonObject[] | undefined> {
    const known = this.#packs.get(nameOf(key));
    if (known) return known;
    const item = await this.#ports.table.get(key);
    if (item === undefined || !('reports' in item.data)) return undefined;
    this.learn(item);
    return this.#packs.get(nameOf(key));
  }
}

const nameOf = ({ partition, sort }: Key): string => `${partition}\n${sort}`;

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
