/** A picture of some lines at the bottom of a terminal that is drawn over and over. */
import type { Output } from '../shell.ts';
import { widthOf } from './text.ts';

export interface Live {
  draw(lines: readonly string[]): void;
  /** Takes the picture away, so that other text can be printed. */
  clear(): void;
  /** Leaves the picture where it is; the next one is drawn below. */
  keep(): void;
}

/** The terminal shows what lies between these two at once, if it knows them. */
const BEGIN = '\u001b[?2026h';
const END = '\u001b[?2026l';

export function createLive(output: Output): Live {
  let widths: number[] = [];
  /**
   * Back to the picture's first line. When the terminal has become narrower since, it has wrapped our lines, so
   * each counts as many rows as it takes now.
   */
  const back = (): string => {
    const rows = widths.reduce(
      (sum, width) => sum + Math.max(1, Math.ceil(width / Math.max(1, output.columns))),
      0,
    );
    return rows === 0 ? '\r' : `\r\u001b[${rows}A`;
  };
  return {
    draw(lines) {
      const text = lines.map((line) => `${line}\u001b[K\n`).join('');
      output.write(`${BEGIN}${back()}${text}\u001b[J${END}`);
      widths = lines.map(widthOf);
    },
    clear() {
      if (widths.length > 0) output.write(`${back()}\u001b[J`);
      widths = [];
    },
    keep() {
      widths = [];
    },
  };
}
