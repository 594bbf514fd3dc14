import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { RunGraph } from '../../src/contract/api.ts';
import { readColours } from '../draw/colours.ts';
import {
  type Drawn,
  drawGraph,
  firstSight,
  type Sight,
  taskAt,
  wholeSight,
} from '../draw/graph.ts';
import { listen, zoomAt } from '../draw/moving.ts';
import { address, setQuery } from '../live/address.ts';
import type { LiveRun } from '../live/run.ts';
import { palette } from '../live/theme.ts';
import { type Layout, layoutOf, node } from '../model/layout.ts';
import { stateAt, wordOf } from '../model/states.ts';
import { ownTask, timingOf } from '../model/timeline.ts';
import { count } from '../model/words.ts';
import { useCanvas } from '../parts/canvas.tsx';
import { Search } from '../parts/field.tsx';

/** How long after the last movement all is drawn again. */
const STILL_MS = 120;
const CRITICAL_TASKS_MAX = 50_000;

function dependentsIn({ tasks }: RunGraph): number[][] {
  const all: number[][] = tasks.map(() => []);
  for (const [task, { needs = [] }] of tasks.entries())
    for (const need of needs) all[need]?.push(task);
  return all;
}

export function Graph({ run }: { run: LiveRun }) {
  const graph = run.graph.value;
  return graph === undefined ? <p class="empty">Loading…</p> : <Drawing run={run} graph={graph} />;
}

function Drawing({ run, graph }: { run: LiveRun; graph: RunGraph }) {
  const layout = useMemo(() => layoutOf(graph), [graph]);
  const dependents = useMemo(() => dependentsIn(graph), [graph]);
  const colours = useMemo(readColours, [palette.value]);
  const sight = useRef<Sight | undefined>(undefined);
  const [isMoving, setMoving] = useState(false);
  const { task, find = '', critical } = address.value.query;
  const drawn = useDrawn(run, graph, layout, dependents, isMoving);
  const canvas = useCanvas((board) => {
    sight.current ??= firstSight(board, layout);
    drawGraph(board, colours, sight.current, drawn);
  });
  useMoves(canvas.element, sight, layout, graph, () => canvas.redraw(), setMoving);
  const size = () => ({
    width: canvas.element.current?.clientWidth ?? 0,
    height: canvas.element.current?.clientHeight ?? 0,
  });
  const zoom = (factor: number) => {
    const { width, height } = size();
    if (sight.current) zoomAt(sight.current, factor, width / 2, height / 2);
    canvas.redraw();
  };
  const showAll = () => {
    sight.current = wholeSight(size(), layout);
    canvas.redraw();
  };
  const walk = (key: string) => {
    const next = step(key, drawn, dependents);
    if (next === undefined || sight.current === undefined) return false;
    centre(sight.current, size(), layout, next);
    setQuery({ task: graph.tasks[next]?.id });
    return true;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === '+' || event.key === '=') zoom(1.25);
    else if (event.key === '-') zoom(0.8);
    else if (event.key === '0') showAll();
    else if (!walk(event.key)) return;
    event.preventDefault();
  };
  return (
    <div class="drawing">
      <div class="drawing-tools">
        <Search label="Find a task" value={find} onChange={(text) => setQuery({ find: text })} />
        {drawn.found !== undefined && <span class="dim">{count(drawn.found.size)} found</span>}
        <button
          type="button"
          class="chip"
          aria-pressed={critical === '1'}
          onClick={() => setQuery({ critical: critical === '1' ? '' : '1' })}
        >
          Critical path
        </button>
        <span class="group push">
          <button type="button" class="icon" aria-label="Zoom in" onClick={() => zoom(1.25)}>
            +
          </button>
          <button type="button" class="icon" aria-label="Zoom out" onClick={() => zoom(0.8)}>
            −
          </button>
          <button type="button" class="icon" aria-label="Show all" onClick={showAll}>
            ⤢
          </button>
        </span>
      </div>
      <canvas
        ref={canvas.element}
        class="canvas"
        role="application"
        tabIndex={0}
        aria-label={`Graph of ${count(graph.tasks.length)} tasks. Arrow keys go from task to task, plus and minus zoom, 0 shows all. The tab Tasks lists them.`}
        onKeyDown={onKeyDown}
      />
      <p class="unseen" aria-live="polite">
        {task !== undefined && drawn.selected !== undefined
          ? `${task}: ${wordOf(drawn.stateOf(drawn.selected))}`
          : ''}
      </p>
    </div>
  );
}

function useDrawn(
  run: LiveRun,
  graph: RunGraph,
  layout: Layout,
  dependents: readonly (readonly number[])[],
  isMoving: boolean,
): Drawn {
  const { task, find = '', critical } = address.value.query;
  const standing = run.states.value;
  const places = useMemo(() => new Map(graph.tasks.map(({ id }, n) => [id, n])), [graph]);
  const found = useMemo(() => foundIn(graph, find), [graph, find]);
  const wantsPath = critical === '1' && graph.tasks.length <= CRITICAL_TASKS_MAX;
  const changes = wantsPath ? run.changes.value : 0;
  const path = useMemo(() => {
    if (!wantsPath) return new Set<number>();
    const { critical: names } = timingOf(graph, run.timeline, run.view.peek()?.createdAt ?? 0);
    return new Set(names.map((id) => places.get(id) ?? -1));
  }, [graph, places, changes, wantsPath]);
  return {
    graph,
    layout,
    dependents,
    stateOf: (at) => stateAt(standing?.states[at]),
    subTasks: new Map(standing?.subTasks),
    selected: task === undefined ? undefined : places.get(ownTask(task)),
    found,
    critical: path,
    isMoving,
  };
}

function foundIn({ tasks }: RunGraph, text: string): ReadonlySet<number> | undefined {
  if (text === '') return undefined;
  const wanted = text.toLowerCase();
  return new Set(tasks.flatMap(({ id }, n) => (id.toLowerCase().includes(wanted) ? [n] : [])));
}

function useMoves(
  element: { current: HTMLCanvasElement | null },
  sight: { current: Sight | undefined },
  layout: Layout,
  graph: RunGraph,
  redraw: () => void,
  setMoving: (is: boolean) => void,
): void {
  useEffect(() => {
    const canvas = element.current;
    if (canvas === null) return undefined;
    let still: ReturnType<typeof setTimeout> | undefined;
    const stop = listen(canvas, {
      sight: () => {
        sight.current ??= { x: 0, y: 0, scale: 1 };
        return sight.current;
      },
      onMove: () => {
        setMoving(true);
        clearTimeout(still);
        still = setTimeout(() => setMoving(false), STILL_MS);
        redraw();
      },
      onPress: (x, y) => {
        const at = sight.current;
        if (at === undefined) return;
        const task = taskAt(layout, at.x + x / at.scale, at.y + y / at.scale);
        setQuery({ task: task === undefined ? '' : graph.tasks[task]?.id });
      },
    });
    return () => {
      clearTimeout(still);
      stop();
    };
  }, [layout, graph]);
}

/** The task that an arrow key leads to. */
function step(
  key: string,
  { graph, selected, layout }: Drawn,
  dependents: readonly (readonly number[])[],
): number | undefined {
  if (!key.startsWith('Arrow')) return undefined;
  if (selected === undefined) return 0;
  if (key === 'ArrowRight') return dependents[selected]?.[0];
  if (key === 'ArrowLeft') return graph.tasks[selected]?.needs?.[0];
  return beside(layout, selected, key === 'ArrowDown' ? 1 : -1);
}

/** The next task of the same level above or below. */
function beside({ level, x, y }: Layout, task: number, sign: number): number | undefined {
  const placeOf = (n: number) => (x[n] as number) * 1e6 + (y[n] as number);
  let best: number | undefined;
  for (let n = 0; n < level.length; n++) {
    if (level[n] !== level[task] || sign * (placeOf(n) - placeOf(task)) <= 0) continue;
    if (best === undefined || sign * (placeOf(n) - placeOf(best)) < 0) best = n;
  }
  return best;
}

function centre(
  sight: Sight,
  { width, height }: { width: number; height: number },
  { x, y }: Layout,
  task: number,
): void {
  sight.scale = Math.max(sight.scale, 0.6);
  sight.x = (x[task] as number) + node.width / 2 - width / 2 / sight.scale;
  sight.y = (y[task] as number) + node.height / 2 - height / 2 / sight.scale;
}
