/** Moving over a drawing: drag, wheel, two fingers. */
import { type Sight, scaleMax, scaleMin } from './graph.ts';

export interface Moving {
  readonly sight: () => Sight;
  /** The sight was changed. */
  readonly onMove: () => void;
  readonly onPress: (x: number, y: number) => void;
}

/** A press that moved less was a click. */
const CLICK_PX = 4;

export function zoomAt(sight: Sight, factor: number, x: number, y: number): void {
  const scale = Math.min(scaleMax, Math.max(scaleMin, sight.scale * factor));
  sight.x += x / sight.scale - x / scale;
  sight.y += y / sight.scale - y / scale;
  sight.scale = scale;
}

interface Point {
  x: number;
  y: number;
}

/** Listens until the returned function is called. */
export function listen(element: HTMLElement, moving: Moving): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  const fingers = new Map<number, Point>();
  let travelled = 0;
  const at = (event: MouseEvent): Point => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const { x, y } = at(event);
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 0.05 : 0.0015;
      zoomAt(moving.sight(), Math.exp(-event.deltaY * unit), x, y);
      moving.onMove();
    },
    { signal, passive: false },
  );
  element.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button !== 0) return;
      if (fingers.size === 0) travelled = 0;
      fingers.set(event.pointerId, at(event));
      element.setPointerCapture(event.pointerId);
    },
    { signal },
  );
  element.addEventListener(
    'pointermove',
    (event) => {
      const before = fingers.get(event.pointerId);
      if (before === undefined) return;
      const point = at(event);
      const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, one]) => one);
      move(moving.sight(), before, point, others[0]);
      travelled += Math.hypot(point.x - before.x, point.y - before.y);
      fingers.set(event.pointerId, point);
      moving.onMove();
    },
    { signal },
  );
  const lift = (event: PointerEvent): void => {
    const wasDown = fingers.delete(event.pointerId);
    if (!wasDown || travelled >= CLICK_PX || event.type !== 'pointerup') return;
    const { x, y } = at(event);
    moving.onPress(x, y);
  };
  element.addEventListener('pointerup', lift, { signal });
  element.addEventListener('pointercancel', lift, { signal });
  return () => abort.abort();
}

function move(sight: Sight, before: Point, after: Point, other: Point | undefined): void {
  if (other === undefined) {
    sight.x -= (after.x - before.x) / sight.scale;
    sight.y -= (after.y - before.y) / sight.scale;
    return;
  }
  const apart = Math.hypot(before.x - other.x, before.y - other.y);
  const now = Math.hypot(after.x - other.x, after.y - other.y);
  if (apart > 0) zoomAt(sight, now / apart, other.x, other.y);
}
