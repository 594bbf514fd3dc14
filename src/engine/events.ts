import type { PageOf, RunEvent } from '../contract/api.ts';
import type { Control, Lost, Report } from '../contract/happening.ts';
import { Problem } from '../contract/problem.ts';
import { isEnded } from '../contract/state.ts';
import { chance } from '../core/chance.ts';
import { counts, idOf, segmentsOf } from '../core/graph.ts';
import { attemptOf, chunkOf, codeOf, sourceOf } from '../core/progress.ts';
import { codes } from '../core/status.ts';
import type { Item } from '../ports/table.ts';
import type { Decider } from './advance.ts';
import { type AtWork, errorOf, subTaskFailed } from './inspect.ts';
import { fromData, type PackData, runPartition, sortKeys, sourceKey } from './items.ts';
import type { LoadedRun } from './loaded-run.ts';

/**
 * Where a reader of events stands. Packs are numbered by their runner, so the last number of each runner is exact: no
 * event is passed over, in whatever order packs arrive.
 */
interface Cursor {
  /** The last pack read of each runner. */
  readonly packs: Record<string, string>;
  /** Marks of the mixed packs, lost attempts and controls that were read. */
  readonly seen: string[];
  /** Starts that were told of attempts still at work. */
  readonly started: string[];
  generation: number;
  ended: boolean;
}

const eventsMax = 2000;
const packsMax = 50;

/** What happened to a run after the cursor, as far as it is decided; of one page in the order of time. */
export async function readEvents(
  decider: Decider,
  run: LoadedRun,
  atWork: readonly AtWork[],
  after: string | undefined,
): Promise<PageOf<RunEvent>> {
  const cursor = parseCursor(after);
  const items: RunEvent[] = [];
  if (cursor.generation !== run.progress.head.generation) {
    cursor.generation = run.progress.head.generation;
    cursor.ended = false;
  }
  readStarts(run, atWork, cursor, items);
  const more = await readPacks(decider, run, cursor, items);
  await readMixed(decider, run, cursor, items);
  await readOthers(decider, run, cursor, items);
  items.sort((a, b) => a.at - b.at);
  if (isEnded(run.meta.state) && !cursor.ended && !more) {
    items.push(...(await endEvents(decider, run)));
    cursor.ended = true;
  }
  return { items, next: JSON.stringify(cursor) };
}

/** Whether all has been told: nothing more will come, unless the run is run again. */
export const isTold = (next: string | null): boolean => parseCursor(next ?? undefined).ended;

function parseCursor(text: string | undefined): Cursor {
  if (text === undefined) return { packs: {}, seen: [], started: [], generation: 1, ended: false };
  try {
    const cursor = JSON.parse(text) as Cursor;
    if (Array.isArray(cursor.seen) && Array.isArray(cursor.started) && cursor.packs !== null)
      return cursor;
  } catch {
    // Said below.
  }
  throw new Problem('input-invalid', 'after is not a cursor of this list of events');
}

function readStarts(
  run: LoadedRun,
  atWork: readonly AtWork[],
  cursor: Cursor,
  items: RunEvent[],
): void {
  const now = new Set(atWork.map((one) => `${one.task}/${one.attempt}`));
  const told = cursor.started.filter((name) => now.has(name));
  for (const one of atWork) {
    const name = `${one.task}/${one.attempt}`;
    if (told.includes(name)) continue;
    told.push(name);
    items.push(startEvent(run, one.task, one.attempt, one.since));
  }
  cursor.started.splice(0, cursor.started.length, ...told);
}

const startEvent = (run: LoadedRun, task: number, attempt: number, at: number): RunEvent => ({
  id: `start/${task}/${attempt}`,
  at,
  event: 'start',
  task: idOf(run.progress.graph, task),
  attempt,
});

/** Reads each runner's packs from where the cursor stands, hopping from runner to runner. True: there is more. */
async function readPacks(
  decider: Decider,
  run: LoadedRun,
  cursor: Cursor,
  items: RunEvent[],
): Promise<boolean> {
  const { table } = decider.ports;
  const partition = runPartition(decider.settings.namespace, run.meta.id);
  const to = `${sortKeys.pack}~`;
  let from: string = sortKeys.pack;
  let more = false;
  for (;;) {
    const first = (await table.query({ partition, from, to, limit: 1 })).items[0];
    if (first === undefined) return more;
    const runner = first.sort.slice(0, first.sort.lastIndexOf('#') + 1);
    const after = cursor.packs[runner];
    const range = { partition, from: after === undefined ? runner : `${after}!`, to: `${runner}~` };
    const page = await table.query({ ...range, limit: packsMax });
    const told = tellPacks(run, page.items, items);
    const last = page.items[told - 1];
    if (last) cursor.packs[runner] = last.sort;
    more ||= page.next !== undefined || (told < page.items.length && items.length > eventsMax);
    from = `${runner}~`;
  }
}

/** Tells packs in their order until there are enough events, or one that is not folded yet. Returns how many. */
function tellPacks(run: LoadedRun, packs: readonly Item[], items: RunEvent[]): number {
  let told = 0;
  for (const pack of packs) {
    if (items.length > eventsMax || !tellPack(run, pack, items)) break;
    told++;
  }
  return told;
}

/** False when some of its reports are not folded yet: it is told later, whole. */
function tellPack(run: LoadedRun, pack: Item, items: RunEvent[]): boolean {
  const events: RunEvent[] = [];
  for (const row of fromData<PackData>(pack.data).reports) {
    if (row.run !== undefined && row.run !== run.meta.id) continue;
    const report = row as unknown as Report;
    if (!isFolded(run, report)) return false;
    if (!isRefused(run, pack.sort, report)) events.push(...reportEvents(run, report));
  }
  items.push(...events);
  return true;
}

function isFolded(run: LoadedRun, { task, attempt }: Report): boolean {
  if (task >= run.progress.graph.size) return false;
  const code = codeOf(run.progress, task);
  const open = code === codes.waiting || code === codes.backoff;
  return !open || attemptOf(run.progress, task) > attempt;
}

const isRefused = (run: LoadedRun, id: string, { task }: Report): boolean =>
  chunkOf(run.progress, task).refused.some(([source, number]) => source === id && number === task);

function reportEvents(run: LoadedRun, report: Report): RunEvent[] {
  const { task, attempt, outcome, endedAt, error } = report;
  if (outcome === 'released') return [];
  const start = startEvent(run, task, attempt, report.startedAt);
  if (outcome === 'succeeded' && isParent(run, task)) return [start];
  const isLast = attemptOf(run.progress, task) === attempt;
  const event = outcome === 'failed' && !isLast ? 'retry' : words[outcome];
  return [start, endEvent(run, task, attempt, { at: endedAt, event, ...(error && { error }) })];
}

const words = { succeeded: 'success', failed: 'failure', cancelled: 'cancelled' } as const;

const endEvent = (
  run: LoadedRun,
  task: number,
  attempt: number,
  told: Pick<RunEvent, 'at' | 'event' | 'error'>,
): RunEvent => ({
  id: `end/${task}/${attempt}`,
  task: idOf(run.progress.graph, task),
  attempt,
  ...told,
});

/** Then its verdict comes with the last of its sub-tasks, and from nobody's report. */
const isParent = (run: LoadedRun, task: number): boolean =>
  segmentsOf(run.progress.graph, task).length > 0;

/** Packs that hold reports of several runs lie elsewhere: progress names those that decided something here. */
async function readMixed(
  decider: Decider,
  run: LoadedRun,
  cursor: Cursor,
  items: RunEvent[],
): Promise<void> {
  const seen = new Set(cursor.seen);
  for (const chunk of run.progress.chunks) {
    const sources = new Set([...chunk.sources, ...[...chunk.tries.values()].map(({ by }) => by)]);
    for (const source of sources) {
      if (!source.startsWith(sortKeys.mixedPack) || seen.has(markOf(source))) continue;
      const item = await decider.ports.table.get(
        sourceKey(decider.settings.namespace, run.meta.id, source),
      );
      if (item === undefined || !tellPack(run, item, items)) continue;
      seen.add(markOf(source));
      cursor.seen.push(markOf(source));
    }
  }
}

async function readOthers(
  decider: Decider,
  run: LoadedRun,
  cursor: Cursor,
  items: RunEvent[],
): Promise<void> {
  const partition = runPartition(decider.settings.namespace, run.meta.id);
  const seen = new Set(cursor.seen);
  for (const prefix of [sortKeys.lost, sortKeys.control]) {
    const page = await decider.ports.table.query({ partition, from: prefix, to: `${prefix}~` });
    for (const item of page.items) {
      if (seen.has(markOf(item.sort))) continue;
      cursor.seen.push(markOf(item.sort));
      items.push(prefix === sortKeys.lost ? lostEvent(run, item) : controlEvent(item));
    }
  }
}

/** A name in few letters, as a cursor travels in addresses. Two that share one cost one event. */
const markOf = (name: string): string =>
  Math.floor(chance(name, 0, 0) * 2 ** 32).toString(36) +
  Math.floor(chance(name, 1, 1) * 36 ** 2).toString(36);

function lostEvent(run: LoadedRun, item: Item): RunEvent {
  const lost = fromData<Lost>(item.data);
  const task = idOf(run.progress.graph, lost.task);
  const { at, attempt, reason } = lost;
  return { id: item.sort, at, event: 'lost', task, attempt, detail: reason };
}

function controlEvent(item: Item): RunEvent {
  const { at, action } = fromData<Control>(item.data);
  return { id: item.sort, at, event: 'control', detail: action };
}

/** The verdicts that nobody reported: of skipped and cancelled tasks, of parents, of what was lost; then the run's end. */
async function endEvents(decider: Decider, run: LoadedRun): Promise<RunEvent[]> {
  const { endedAt, createdAt, generation, state } = run.meta;
  const at = endedAt ?? createdAt;
  const events: RunEvent[] = [];
  for (let task = 0; task < run.progress.graph.size && events.length < eventsMax; task++)
    if (!isReported(run, task)) events.push(await verdictOf(decider, run, task, at));
  events.push({ id: `ended/${generation}`, at, event: 'ended', detail: state });
  return events;
}

async function verdictOf(
  decider: Decider,
  run: LoadedRun,
  task: number,
  at: number,
): Promise<RunEvent> {
  const code = codeOf(run.progress, task);
  const attempt = attemptOf(run.progress, task);
  if (code === codes.succeeded) return endEvent(run, task, attempt, { at, event: 'success' });
  if (code === codes.failed) {
    const error = (await errorOf(decider, run, task)) ?? subTaskFailed;
    return endEvent(run, task, attempt, { at, event: 'failure', error });
  }
  const event = code === codes.cancelled ? 'cancelled' : 'skipped';
  const id = `${event}/${task}/${run.meta.generation}`;
  return { id, at, event, task: idOf(run.progress.graph, task) };
}

/** Whether a pack that decided it tells its verdict; what a later attempt of its parent has replaced is not told. */
function isReported(run: LoadedRun, task: number): boolean {
  if (!counts(run.progress.graph, task)) return true;
  const source = sourceOf(run.progress, task);
  const byPack = source?.startsWith(sortKeys.pack) || source?.startsWith(sortKeys.mixedPack);
  return byPack === true && !isParent(run, task);
}
