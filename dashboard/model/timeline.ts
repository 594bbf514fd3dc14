/** When each attempt waited and ran, folded from a run's events. */
import type { RunEvent, RunGraph } from '../../src/contract/api.ts';

export interface Bar {
  readonly attempt: number;
  startedAt: number;
  endedAt?: number;
  /** Undefined: at work. */
  end?: RunEvent['event'];
  /** No start of it was told: a task that only waits for its sub-tasks, or one that never began. */
  isBare: boolean;
}

export interface Row {
  readonly task: string;
  readonly bars: Bar[];
}

export class Timeline {
  readonly #rows = new Map<string, Row>();
  readonly #seen = new Set<string>();

  add(events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.task === undefined || event.attempt === undefined || event.event === 'skipped')
        continue;
      if (this.#seen.has(event.id)) continue;
      this.#seen.add(event.id);
      this.#note(event, event.task, event.attempt);
    }
  }

  #note(event: RunEvent, task: string, attempt: number): void {
    const row = this.#rows.get(task) ?? { task, bars: [] };
    this.#rows.set(task, row);
    let bar = row.bars.find((one) => one.attempt === attempt);
    if (bar === undefined) {
      bar = { attempt, startedAt: event.at, isBare: event.event !== 'start' };
      row.bars.push(bar);
      row.bars.sort((a, b) => a.attempt - b.attempt);
    }
    if (event.event === 'start') {
      bar.isBare = false;
      bar.startedAt = event.at;
      return;
    }
    bar.endedAt = event.at;
    bar.end = event.event;
  }

  get size(): number {
    return this.#rows.size;
  }

  rowOf(task: string): Row | undefined {
    return this.#rows.get(task);
  }

  /** Those that began first on top. What only waits for its sub-tasks begins with the first of them. */
  rows(): Row[] {
    const first = new Map<string, number>();
    for (const { task, bars } of this.#rows.values()) {
      const own = ownTask(task);
      const at = bars[0]?.startedAt ?? Number.POSITIVE_INFINITY;
      if (own !== task) first.set(own, Math.min(at, first.get(own) ?? at));
    }
    return [...this.#rows.values()]
      .flatMap((row) => begun(row, first.get(row.task)))
      .sort((a, b) => (a.bars[0]?.startedAt ?? 0) - (b.bars[0]?.startedAt ?? 0));
  }
}

/** None of a task that was cancelled before it began. */
function begun(row: Row, subTasksFrom: number | undefined): Row[] {
  const bars = row.bars.flatMap((bar) => {
    if (!bar.isBare) return [bar];
    return subTasksFrom === undefined ? [] : [{ ...bar, startedAt: subTasksFrom }];
  });
  return bars.length === 0 ? [] : [{ task: row.task, bars }];
}

/** The workflow's own task that a sub-task descends from. */
export function ownTask(id: string): string {
  const end = id.search(/[[/]/);
  return end === -1 ? id : id.slice(0, end);
}

export interface Timing {
  /** When all that a task needs had ended; undefined: not yet, or it is not told. */
  readyAt(task: string): number | undefined;
  /** The tasks whose lengths made the run as long as it is, first to last. */
  readonly critical: readonly string[];
  /** How much later a task could have ended without the run ending later. */
  slack(task: string): number | undefined;
}

/** Of a task with sub-tasks: from the first of them to the last. */
interface Span {
  start: number;
  end: number;
}

export function timingOf(graph: RunGraph, timeline: Timeline, createdAt: number): Timing {
  const place = new Map(graph.tasks.map(({ id }, n) => [id, n]));
  const spans = spansOf(graph, timeline, place);
  const ready = graph.tasks.map(({ needs = [] }) =>
    needs.reduce((latest, need) => Math.max(latest, spans[need]?.end ?? latest), createdAt),
  );
  const latest = latestEnds(graph, spans);
  return {
    readyAt: (task) => ready[place.get(ownTask(task)) ?? -1],
    critical: criticalPath(graph, spans),
    slack: (task) => {
      const n = place.get(ownTask(task)) ?? -1;
      const end = spans[n]?.end;
      return end === undefined ? undefined : Math.max(0, (latest[n] as number) - end);
    },
  };
}

function spansOf(
  graph: RunGraph,
  timeline: Timeline,
  place: ReadonlyMap<string, number>,
): (Span | undefined)[] {
  const spans: (Span | undefined)[] = new Array(graph.tasks.length);
  for (const { task, bars } of timeline.rows()) {
    const n = place.get(ownTask(task));
    const [first] = bars;
    if (n === undefined || first === undefined) continue;
    const end = bars.at(-1)?.endedAt ?? first.startedAt;
    const known = spans[n];
    if (known === undefined) spans[n] = { start: first.startedAt, end };
    else {
      known.start = Math.min(known.start, first.startedAt);
      known.end = Math.max(known.end, end);
    }
  }
  return spans;
}

function criticalPath({ tasks }: RunGraph, spans: readonly (Span | undefined)[]): string[] {
  let at = latestOf(
    tasks.map((_, n) => n),
    spans,
  );
  const path: string[] = [];
  while (at !== undefined) {
    path.push(tasks[at]?.id ?? '');
    at = latestOf(tasks[at]?.needs ?? [], spans);
  }
  return path.reverse();
}

function latestOf(
  among: readonly number[],
  spans: readonly (Span | undefined)[],
): number | undefined {
  let latest: number | undefined;
  for (const n of among) {
    const end = spans[n]?.end;
    if (end !== undefined && (latest === undefined || end > (spans[latest]?.end ?? 0))) latest = n;
  }
  return latest;
}

/** Backwards from the run's end: a task may end no later than the latest start of what needs it. */
function latestEnds({ tasks }: RunGraph, spans: readonly (Span | undefined)[]): Float64Array {
  const runEnd = spans.reduce((latest, span) => Math.max(latest, span?.end ?? 0), 0);
  const latest = new Float64Array(tasks.length).fill(runEnd);
  for (let n = tasks.length - 1; n >= 0; n--) {
    const span = spans[n];
    const start = (latest[n] as number) - (span === undefined ? 0 : span.end - span.start);
    for (const need of tasks[n]?.needs ?? [])
      latest[need] = Math.min(latest[need] as number, start);
  }
  return latest;
}
