import type { Counts, RunGraph } from '../../src/contract/api.ts';
import type { TaskState } from '../../src/contract/state.ts';
import { type Layout, node } from '../model/layout.ts';
import { shownStates, signs, totalOf } from '../model/states.ts';
import type { Board } from '../parts/canvas.tsx';
import { type Colours, fitted, fonts } from './colours.ts';

/** What of the drawing is seen: its point in the left upper corner, and how large a unit of it is. */
export interface Sight {
  x: number;
  y: number;
  scale: number;
}

export interface Drawn {
  readonly graph: RunGraph;
  readonly layout: Layout;
  readonly stateOf: (task: number) => TaskState;
  readonly subTasks: ReadonlyMap<number, Counts>;
  readonly dependents: readonly (readonly number[])[];
  readonly selected: number | undefined;
  /** Tasks that a search found; undefined: none is on. */
  readonly found: ReadonlySet<number> | undefined;
  readonly critical: ReadonlySet<number>;
  readonly isMoving: boolean;
}

/** Below it names could not be read. */
const SCALE_NAMES = 0.5;
/** A graph of more tasks is first shown as a whole, without names. */
const TASKS_NAMED = 60;
const MARGIN = 24;
/** More lines than this are left out while one moves, and beyond the second number always. */
const LINES_MOVING = 3_000;
const LINES_MAX = 30_000;

export const scaleMin = 0.01;
export const scaleMax = 2;

export function drawGraph(board: Board, colours: Colours, sight: Sight, drawn: Drawn): void {
  const { context } = board;
  context.save();
  context.scale(sight.scale, sight.scale);
  context.translate(-sight.x, -sight.y);
  const seen = seenIn(board, sight, drawn.layout);
  if (drawn.layout.edges <= (drawn.isMoving ? LINES_MOVING : LINES_MAX))
    drawLines(context, colours, sight, drawn, seen);
  drawMarked(context, colours, sight, drawn);
  if (sight.scale < SCALE_NAMES) drawSmall(context, colours, drawn, seen);
  else for (const task of seen) drawCard(context, colours, drawn, task);
  context.restore();
}

function seenIn({ width, height }: Board, sight: Sight, { x, y }: Layout): number[] {
  const right = sight.x + width / sight.scale;
  const bottom = sight.y + height / sight.scale;
  const seen: number[] = [];
  for (let task = 0; task < x.length; task++) {
    const [left, top] = [x[task] as number, y[task] as number];
    if (left > right || top > bottom) continue;
    if (left + node.width < sight.x || top + node.height < sight.y) continue;
    seen.push(task);
  }
  return seen;
}

function line(context: CanvasRenderingContext2D, { x, y }: Layout, from: number, to: number): void {
  const x1 = (x[from] as number) + node.width;
  const y1 = (y[from] as number) + node.height / 2;
  const x2 = x[to] as number;
  const y2 = (y[to] as number) + node.height / 2;
  const bend = Math.max(24, (x2 - x1) / 2);
  context.moveTo(x1, y1);
  context.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
}

function drawLines(
  context: CanvasRenderingContext2D,
  colours: Colours,
  { scale }: Sight,
  { graph, layout, found, dependents }: Drawn,
  seen: readonly number[],
): void {
  context.beginPath();
  for (const task of seen) {
    for (const need of graph.tasks[task]?.needs ?? []) line(context, layout, need, task);
    for (const next of dependents[task] ?? []) line(context, layout, task, next);
  }
  context.strokeStyle = colours.line;
  context.globalAlpha = found === undefined ? 1 : 0.4;
  context.lineWidth = Math.max(1, 0.6 / scale);
  context.stroke();
  context.globalAlpha = 1;
}

/** The lines of the selected task, and of the critical path. */
function drawMarked(
  context: CanvasRenderingContext2D,
  colours: Colours,
  { scale }: Sight,
  { graph, layout, dependents, selected, critical }: Drawn,
): void {
  context.beginPath();
  const needsOf = (task: number | undefined) => graph.tasks[task ?? -1]?.needs ?? [];
  for (const need of needsOf(selected)) line(context, layout, need, selected as number);
  for (const next of dependents[selected ?? -1] ?? [])
    line(context, layout, selected as number, next);
  for (const task of critical)
    for (const need of needsOf(task).filter((one) => critical.has(one)))
      line(context, layout, need, task);
  context.strokeStyle = colours.accent;
  context.lineWidth = Math.max(2, 1.2 / scale);
  context.stroke();
}

/** Far away, a task is a spot of its state's colour: those of one state are filled together. */
function drawSmall(
  context: CanvasRenderingContext2D,
  colours: Colours,
  { layout, stateOf, found, selected }: Drawn,
  seen: readonly number[],
): void {
  const groups = new Map<string, Path2D>();
  for (const task of seen) {
    const isDim = found !== undefined && !found.has(task);
    const key = `${stateOf(task)}${isDim ? ' dim' : ''}`;
    const path = groups.get(key) ?? new Path2D();
    groups.set(key, path);
    path.rect(layout.x[task] as number, layout.y[task] as number, node.width, node.height);
  }
  for (const [key, path] of groups) {
    const [state = '', dim] = key.split(' ');
    context.globalAlpha = dim === undefined ? 1 : 0.2;
    context.fillStyle = colours.fill[state] ?? colours.dim;
    context.fill(path);
  }
  context.globalAlpha = 1;
  if (selected === undefined) return;
  context.strokeStyle = colours.accent;
  context.lineWidth = 12;
  context.strokeRect(
    layout.x[selected] as number,
    layout.y[selected] as number,
    node.width,
    node.height,
  );
}

function drawCard(
  context: CanvasRenderingContext2D,
  colours: Colours,
  drawn: Drawn,
  task: number,
): void {
  const { graph, layout, stateOf, subTasks, found, selected, critical } = drawn;
  const [x, y] = [layout.x[task] as number, layout.y[task] as number];
  const state = stateOf(task);
  const fill = colours.fill[state] ?? colours.dim;
  const counts = subTasks.get(task);
  const isMap = graph.tasks[task]?.each === true || counts !== undefined;
  context.globalAlpha = found === undefined || found.has(task) ? 1 : 0.25;
  if (isMap) card(context, x + 4, y + 4, colours.card, colours.line, 1);
  const isMarked = task === selected || critical.has(task);
  card(context, x, y, colours.card, isMarked ? colours.accent : colours.line, isMarked ? 2 : 1);
  context.fillStyle = fill;
  context.beginPath();
  context.roundRect(x, y, 26, node.height, [6, 0, 0, 6]);
  context.fill();
  context.fillStyle = colours.card;
  context.font = fonts.usual;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(signs[state] ?? '', x + 13, y + node.height / 2 + 0.5);
  context.textAlign = 'left';
  context.fillStyle = colours.text;
  const nameY = y + (counts ? 13 : node.height / 2 + 0.5);
  context.fillText(fitted(context, graph.tasks[task]?.id ?? '', node.width - 38), x + 32, nameY);
  if (counts) drawCounts(context, colours, counts, x + 32, y + 22);
  context.globalAlpha = 1;
}

function card(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  fill: string,
  stroke: string,
  width: number,
): void {
  context.beginPath();
  context.roundRect(x, y, node.width, node.height, 6);
  context.fillStyle = fill;
  context.fill();
  context.strokeStyle = stroke;
  context.lineWidth = width;
  context.stroke();
}

/** How the sub-tasks of a map stand, as a bar and a number. */
function drawCounts(
  context: CanvasRenderingContext2D,
  colours: Colours,
  counts: Counts,
  x: number,
  y: number,
): void {
  const total = totalOf(counts);
  const text = `×${total.toLocaleString('en')}`;
  context.font = fonts.small;
  context.fillStyle = colours.dim;
  const room = node.width - 46 - context.measureText(text).width;
  context.fillText(text, x + room + 6, y + 3);
  let left = x;
  for (const state of shownStates) {
    const width = (room * counts[state]) / Math.max(1, total);
    context.fillStyle = colours.fill[state] ?? colours.dim;
    context.fillRect(left, y, width, 6);
    left += width;
  }
}

/** All of it, with a margin, and no larger than it is meant. */
export function wholeSight(
  { width, height }: Pick<Board, 'width' | 'height'>,
  layout: Layout,
): Sight {
  const scale = Math.min(
    1,
    Math.max(
      scaleMin,
      Math.min((width - 2 * MARGIN) / layout.width, (height - 2 * MARGIN) / layout.height),
    ),
  );
  return {
    scale,
    x: layout.width / 2 - width / 2 / scale,
    y: layout.height / 2 - height / 2 / scale,
  };
}

/** All of it, if the names can be read so or it is large anyway; else its beginning, with names. */
export function firstSight(board: Pick<Board, 'width' | 'height'>, layout: Layout): Sight {
  const whole = wholeSight(board, layout);
  if (whole.scale >= SCALE_NAMES || layout.x.length > TASKS_NAMED) return whole;
  const scale = SCALE_NAMES + 0.1;
  return { scale, x: -MARGIN / scale, y: layout.height / 2 - board.height / 2 / scale };
}

export function taskAt({ x, y }: Layout, atX: number, atY: number): number | undefined {
  for (let task = 0; task < x.length; task++) {
    const [dx, dy] = [atX - (x[task] as number), atY - (y[task] as number)];
    if (dx >= 0 && dy >= 0 && dx <= node.width && dy <= node.height) return task;
  }
  return undefined;
}
