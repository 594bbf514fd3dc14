import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isEnded } from '../../src/contract/state.ts';
import { readColours } from '../draw/colours.ts';
import { axisHeight, drawGantt, type Gantt, rowHeight } from '../draw/gantt.ts';
import { address, setQuery } from '../live/address.ts';
import { now } from '../live/now.ts';
import type { LiveRun } from '../live/run.ts';
import { palette } from '../live/theme.ts';
import { ownTask, type Row, timingOf } from '../model/timeline.ts';
import { count, duration } from '../model/words.ts';
import { useCanvas } from '../parts/canvas.tsx';

const zoomMax = 2000;

/** Queue waits, attempts and waits between them, of all that has begun. */
export function TimelineView({ run }: { run: LiveRun }) {
  const { task, critical: wantsPath } = address.value.query;
  const [zoom, setZoom] = useState(1);
  const place = useRef<HTMLDivElement>(null);
  const colours = useMemo(readColours, [palette.value]);
  const changes = run.changes.value;
  useEffect(() => run.wantTimeline(), [run]);
  const [view, graph] = [run.view.value, run.graph.value];
  const rows = useMemo(() => run.timeline.rows(), [changes]);
  const timing = useMemo(
    () => graph && view && timingOf(graph, run.timeline, view.createdAt),
    [changes, graph, view?.createdAt],
  );
  const critical = new Set(wantsPath === '1' ? timing?.critical : []);
  const time = view && isEnded(view.state) ? (view.endedAt ?? 0) : now.value;
  const canvas = useCanvas((board) => {
    const box = place.current;
    if (!box || !timing || !view) return;
    const names = Math.min(220, board.width * 0.35);
    const whole = Math.max(1, time - view.createdAt, lastEnd(rows) - view.createdAt);
    const room = board.width - names;
    const from = view.createdAt + (whole * box.scrollLeft) / Math.max(1, room * zoom);
    const gantt: Gantt = {
      rows,
      readyAt: timing.readyAt,
      critical,
      selected: task,
      from,
      to: from + whole / zoom,
      now: time,
      scrolled: box.scrollTop,
      names,
    };
    drawGantt(board, colours, gantt);
  });
  if (rows.length === 0) return <p class="empty">Nothing has started yet.</p>;
  const slack = task === undefined ? undefined : timing?.slack(task);
  const press = (event: MouseEvent) => {
    const box = place.current;
    if (box === null) return;
    const y = event.clientY - box.getBoundingClientRect().top - axisHeight + box.scrollTop;
    setQuery({ task: rows[Math.floor(y / rowHeight)]?.task });
  };
  return (
    <div class="drawing">
      <div class="drawing-tools">
        <Legend />
        <button
          type="button"
          class="chip"
          aria-pressed={wantsPath === '1'}
          onClick={() => setQuery({ critical: wantsPath === '1' ? '' : '1' })}
        >
          Critical path
        </button>
        {slack !== undefined && (
          <span class="dim">
            {ownTask(task ?? '')} could have ended {duration(slack)} later
          </span>
        )}
        <span class="group push">
          <button
            type="button"
            class="icon"
            aria-label="Zoom in"
            onClick={() => setZoom(Math.min(zoomMax, zoom * 2))}
          >
            +
          </button>
          <button
            type="button"
            class="icon"
            aria-label="Zoom out"
            onClick={() => setZoom(Math.max(1, zoom / 2))}
          >
            −
          </button>
        </span>
      </div>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the tab Tasks is the same by keys */}
      <div
        class="gantt"
        ref={place}
        onScroll={canvas.redraw}
        onClick={press}
        tabIndex={0}
        role="region"
        aria-label={`Timeline of ${count(rows.length)} tasks that began; the tab Tasks lists them`}
      >
        <canvas ref={canvas.element} class="gantt-canvas" aria-hidden="true" />
        <div
          class="gantt-room"
          style={{ height: `${rows.length * rowHeight + axisHeight}px`, width: `${zoom * 100}%` }}
        />
      </div>
    </div>
  );
}

const lastEnd = (rows: readonly Row[]): number =>
  rows.reduce((latest, { bars }) => Math.max(latest, bars.at(-1)?.endedAt ?? 0), 0);

function Legend() {
  const entries = [
    ['wait', 'in the queue'],
    ['f-running', 'running'],
    ['f-succeeded', 'succeeded'],
    ['f-failed', 'failed'],
    ['f-backoff', 'waiting to retry'],
  ] as const;
  return (
    <ul class="legend" aria-label="Colours">
      {entries.map(([name, word]) => (
        <li key={name}>
          <span class={`spot ${name}`} aria-hidden="true" /> {word}
        </li>
      ))}
    </ul>
  );
}
