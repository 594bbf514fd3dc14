/** A canvas that fills its place, sharp on every screen, drawn when something changed and no more often than shown. */
import { useEffect, useRef } from 'preact/hooks';

export interface Board {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
}

export interface CanvasHandle {
  readonly element: { current: HTMLCanvasElement | null };
  /** Asks for a drawing at the next frame. */
  redraw(): void;
}

export function useCanvas(draw: (board: Board) => void): CanvasHandle {
  const element = useRef<HTMLCanvasElement>(null);
  const latest = useRef(draw);
  const frame = useRef(0);
  latest.current = draw;
  const redraw = () => {
    if (frame.current === 0) frame.current = requestAnimationFrame(paint);
  };
  const paint = () => {
    frame.current = 0;
    const board = boardOf(element.current);
    if (board) latest.current(board);
  };
  useEffect(() => {
    const watch = new ResizeObserver(redraw);
    if (element.current) watch.observe(element.current);
    return () => {
      watch.disconnect();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, []);
  useEffect(redraw);
  return { element, redraw };
}

function boardOf(canvas: HTMLCanvasElement | null): Board | undefined {
  const context = canvas?.getContext('2d');
  if (!canvas || !context) return undefined;
  const scale = devicePixelRatio;
  const { clientWidth: width, clientHeight: height } = canvas;
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}
