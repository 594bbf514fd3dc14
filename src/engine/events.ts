import type { PageOf, RunEvent } from '../contract/api.ts';
import type { Control, Lost, Report } from '../contract/happening.ts';
import { isEnded } from '../contract/state.ts';
import { idOf } from '../core/graph.ts';
import { attemptOf, chunkOf, codeOf } from '../core/progress.ts';
import { codes } from '../core/status.ts';
import type { Item } from '../ports/table.ts';
import type { Decider } from './advance.ts';
import { type Cursor, markOf, parseCursor } from './event-cursor.ts';
import type { AtWork } from './inspect.ts';
import { fromData, type PackData, runPartition, sortKeys, sourceKey } from './items.ts';
import type { LoadedRun } from './loaded-run.ts';
import { lostStanding } from './lost-standing.ts';
import { endEvent, isParent, tellEnd, tellParents } from './verdicts.ts';

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
    cursor.verdicts = 0;
    cursor.ended = false;
  }
  readStarts(run, atWork, cursor, items);
  const more = await readPacks(decider, run, cursor, items);
  await readMixed(decider, run, cursor, items);
  await readOthers(decider, run, cursor, items);
  await tellParents(decider, run, cursor, items);
  items.sort((a, b) => a.at - b.at);
  if (isEnded(run.meta.state) && !cursor.ended && !more)
    await tellEnd(decider, run, cursor, items, eventsMax);
  return { items, next: JSON.stringify(cursor) };
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
  const isLast = attemptOf(run.progress, task) === attempt;
  if (outcome === 'released' && !isLast) return [];
  const start = startEvent(run, task, attempt, report.startedAt);
  if (outcome === 'succeeded' && isParent(run, task)) return [start];
  const event = outcome === 'failed' && !isLast ? 'retry' : words[outcome];
  return [start, endEvent(run, task, attempt, { at: endedAt, event, ...(error && { error }) })];
}

const words = {
  succeeded: 'success',
  failed: 'failure',
  cancelled: 'cancelled',
  // Nothing follows it: it was stopped at work, and may not begin again.
  released: 'failure',
} as const;

/** Packs that hold reports of several runs lie elsewhere: progress names those that decided something here. */
async function readMixed(
  decider: Decider,
  run: LoadedRun,
  cursor: Cursor,
  items: RunEvent[],
): Promise<void> {
  const seen = new Set(cursor.seen);
  for (const chunk of run.progress.chunks) {
    const earlier = [...chunk.tries.values()].flatMap(({ by, before }) => [by, ...before]);
    for (const source of new Set([...chunk.sources, ...earlier])) {
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
      const events = prefix === sortKeys.lost ? lostEvents(run, item) : [controlEvent(item)];
      if (events === 'later') continue;
      cursor.seen.push(markOf(item.sort));
      items.push(...events);
    }
  }
}

/** None of one that did not end its attempt. */
function lostEvents(run: LoadedRun, item: Item): 'later' | readonly RunEvent[] {
  const lost = fromData<Lost>(item.data);
  const standing = lostStanding(run, item.sort, lost);
  if (standing === 'open') return 'later';
  return standing === 'counts' ? [lostEvent(run, item.sort, lost)] : [];
}

function lostEvent(run: LoadedRun, id: string, lost: Lost): RunEvent {
  const task = idOf(run.progress.graph, lost.task);
  const { at, attempt, reason } = lost;
  return { id, at, event: 'lost', task, attempt, detail: reason };
}

function controlEvent(item: Item): RunEvent {
  const { at, action } = fromData<Control>(item.data);
  return { id: item.sort, at, event: 'control', detail: action };
}
