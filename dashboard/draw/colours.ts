/** The colours of the style sheet, for what is drawn. */
import { taskStates } from '../../src/contract/state.ts';

export interface Colours {
  readonly text: string;
  readonly dim: string;
  readonly line: string;
  readonly card: string;
  readonly page: string;
  readonly accent: string;
  readonly wait: string;
  readonly fill: Readonly<Record<string, string>>;
}

export function readColours(): Colours {
  const probe = document.createElement('span');
  document.body.append(probe);
  // A variable as such still says what it is in the light and what in the dark.
  const read = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours: Colours = {
    text: read('text'),
    dim: read('dim'),
    line: read('line'),
    card: read('card'),
    page: read('page'),
    accent: read('accent'),
    wait: read('wait'),
    fill: Object.fromEntries(taskStates.map((state) => [state, read(`f-${state}`)])),
  };
  probe.remove();
  return colours;
}

export const fonts = {
  small: '11px system-ui, sans-serif',
  usual: '12.5px system-ui, sans-serif',
} as const;

/** A text that fits its place. */
export function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}
