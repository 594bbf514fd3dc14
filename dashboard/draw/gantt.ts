import type { Bar, Row } from '../model/timeline.ts';
import { clock, duration } from '../model/words.ts';
import type { Board } from '../parts/canvas.tsx';
import { type Colours, fitted, fonts } from './colours.ts';

export const rowHeight = 22;
export const axisHeight = 24;

export interface Gantt {
  readonly rows: readonly Row[];
  readonly readyAt: (task: string) => number | undefined;
  readonly critical: ReadonlySet<string>;
  readonly selected: string | undefined;
  readonly from: number;
  readonly to: number;
  readonly now: number;
  /** Pixels that are scrolled away. */
  readonly scrolled: number;
  /** Pixels for the names on the left. */
  readonly names: number;
}

const colourOf = (bar: Bar, { fill }: Colours): string => {
  const states: Readonly<Record<string, string>> = {
    success: 'succeeded',
    failure: 'failed',
    retry: 'failed',
    lost: 'failed',
    cancelled: 'cancelled',
  };
  return fill[bar.end === undefined ? 'running' : (states[bar.end] ?? 'running')] ?? '';
};

export function drawGantt(board: Board, colours: Colours, gantt: Gantt): void {
  const { context, height } = board;
  context.textBaseline = 'middle';
  drawAxis(board, colours, gantt);
  const first = Math.max(0, Math.floor(gantt.scrolled / rowHeight));
  const last = Math.ceil((gantt.scrolled + height) / rowHeight);
  context.save();
  context.beginPath();
  context.rect(0, axisHeight, board.width, height - axisHeight);
  context.clip();
  for (let n = first; n < Math.min(last, gantt.rows.length); n++) {
    const y = axisHeight + n * rowHeight - gantt.scrolled;
    drawRow(board, colours, gantt, gantt.rows[n] as Row, y);
  }
  context.restore();
}

function scaleOf({ width }: Board, { from, to, names }: Gantt): (at: number) => number {
  const room = width - names - 8;
  return (at) => names + (room * (at - from)) / Math.max(1, to - from);
}

function drawAxis(board: Board, colours: Colours, gantt: Gantt): void {
  const { context, width, height } = board;
  const place = scaleOf(board, gantt);
  const step = niceStep(((gantt.to - gantt.from) * 110) / Math.max(1, width - gantt.names));
  context.font = fonts.small;
  context.lineWidth = 1;
  for (let at = 0; at <= gantt.to - gantt.from; at += step) {
    const x = Math.round(place(gantt.from + at)) + 0.5;
    context.strokeStyle = colours.line;
    context.beginPath();
    context.moveTo(x, axisHeight);
    context.lineTo(x, height);
    context.stroke();
    context.fillStyle = colours.dim;
    context.fillText(at === 0 ? clock(gantt.from) : `+${duration(at)}`, x + 3, axisHeight / 2);
  }
}

const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const seconds = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400,
];

function niceStep(atLeast: number): number {
  const known = [...steps, ...seconds.map((n) => n * 1000)];
  return known.find((step) => step >= atLeast) ?? Math.ceil(atLeast / 86_400_000) * 86_400_000;
}

function drawRow(board: Board, colours: Colours, gantt: Gantt, row: Row, y: number): void {
  const { context } = board;
  const place = scaleOf(board, gantt);
  const isMarked = row.task === gantt.selected;
  if (isMarked) {
    context.fillStyle = colours.accent;
    context.globalAlpha = 0.14;
    context.fillRect(0, y, board.width, rowHeight);
    context.globalAlpha = 1;
  }
  context.font = fonts.usual;
  context.fillStyle = gantt.critical.has(row.task) ? colours.accent : colours.text;
  context.fillText(fitted(context, row.task, gantt.names - 16), 8, y + rowHeight / 2);
  let before = gantt.readyAt(row.task);
  for (const [n, bar] of row.bars.entries()) {
    if (before !== undefined && bar.startedAt > before)
      drawWait(
        context,
        n === 0 ? colours.wait : (colours.fill.backoff ?? ''),
        place,
        before,
        bar.startedAt,
        y,
      );
    drawBar(context, colours, place, bar, gantt.now, y);
    before = bar.endedAt;
  }
}

/** What is no work is thinner than what is. */
function drawWait(
  context: CanvasRenderingContext2D,
  colour: string,
  place: (at: number) => number,
  from: number,
  to: number,
  y: number,
): void {
  const x = place(from);
  context.fillStyle = colour;
  context.fillRect(x, y + rowHeight / 2 - 2, Math.max(0.5, place(to) - x), 4);
}

function drawBar(
  context: CanvasRenderingContext2D,
  colours: Colours,
  place: (at: number) => number,
  bar: Bar,
  now: number,
  y: number,
): void {
  const x = place(bar.startedAt);
  const end = bar.endedAt ?? Math.max(now, bar.startedAt);
  const width = Math.max(2, place(end) - x);
  context.fillStyle = colourOf(bar, colours);
  context.beginPath();
  context.roundRect(x, y + 4, width, rowHeight - 8, Math.min(3, width / 2));
  context.globalAlpha = bar.isBare ? 0.3 : 1;
  context.fill();
  context.globalAlpha = 1;
  const text = duration(end - bar.startedAt);
  context.font = fonts.small;
  if (context.measureText(text).width + 8 > width) return;
  context.fillStyle = bar.isBare ? colours.text : colours.card;
  context.fillText(text, x + 5, y + rowHeight / 2 + 0.5);
}
